// What a person does in the integrated terminal, with keys in what programs print.
import { expect, type Locator } from '@playwright/test';
import type { Person } from './person';

/** Opens a terminal and lets a file be printed in it, until some words of it are drawn. */
export async function print(person: Person, path: string, words: string): Promise<void> {
  const { page } = person;
  await person.run('Terminal: Create New Terminal');
  // What is typed before the prompt stands there would be drawn twice.
  await expect(page.locator('.terminal-wrapper.active .xterm-rows')).toContainText(/\S/);
  await expect(page.locator('.terminal-wrapper.active .xterm-helper-textarea')).toBeFocused();
  await page.keyboard.type(`cat ${path}`);
  await person.press('Enter');
  await expect(printedLine(person, words)).toBeVisible();
}

/** Rests the mouse on a printed line until a link says what it does, and follows the link. */
export async function clickPrinted(person: Person, words: string, says: string): Promise<void> {
  const { page } = person;
  const hint = page.locator('.monaco-hover:visible', { hasText: says });
  const box = await printedLine(person, words).locator('span').first().boundingBox();
  if (!box) throw new Error('It is not on the screen.');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await expect(async () => {
    await page.mouse.move(x + 60, y + 90);
    await page.mouse.move(x, y, { steps: 3 });
    await expect(hint).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 30_000 });
  await page.keyboard.down('ControlOrMeta');
  await page.mouse.click(x, y);
  await page.keyboard.up('ControlOrMeta');
}

function printedLine({ page }: Person, words: string): Locator {
  return page.locator('.terminal-wrapper.active .xterm-rows > div', { hasText: words });
}
