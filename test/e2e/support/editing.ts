// What a person does in editors, with keys in their texts.
import { expect, type Locator } from '@playwright/test';
import type { Person } from './person';

/** Opens a file of the folder by its name. */
export async function openFile({ page, quickInput, input }: Person, name: string): Promise<void> {
  await expect(async () => {
    // Opened anew each time: a list that stays open knows no file that came after it.
    if (await quickInput.isVisible()) await page.keyboard.press('Escape');
    await page.keyboard.press('ControlOrMeta+P');
    await input.fill(name, { timeout: 2000 });
    await expect(quickInput.locator('.monaco-list-row').first()).toContainText(name, { timeout: 2000 });
  }).toPass();
  await page.keyboard.press('Enter');
  await expect(page.locator('.tabs-container .tab.active')).toContainText(name);
}

/** Opens a file from the Explorer, also one that Git ignores, which VS Code does not find by its name. */
export async function openInExplorer(person: Person, name: string): Promise<void> {
  await person.run('File: Focus on Files Explorer');
  await person.page.locator('.explorer-folders-view .monaco-list-row', { hasText: name }).click();
  await expect(person.page.locator('.tabs-container .tab.active')).toContainText(name);
}

/** The wavy lines below the keys of the file in use. */
export function marks({ page }: Person): Locator {
  return page
    .locator('.editor-instance .view-overlays')
    .locator('.squiggly-error, .squiggly-warning, .squiggly-info');
}

/** Puts the caret into the first key of the file in use, which must be marked. */
export async function clickKey(person: Person, button: 'left' | 'right' = 'left'): Promise<void> {
  const { x, y } = await middleOf(marks(person).first());
  await person.page.mouse.click(x, y, { button });
}

/** Rests the mouse on the first key of the file in use, and gives the hover. */
export async function hoverKey(person: Person): Promise<Locator> {
  const { page } = person;
  const hover = page.locator('.monaco-hover:visible', { hasText: 'omi_' });
  await expect(async () => {
    const { x, y } = await middleOf(marks(person).first());
    await page.mouse.move(x + 60, y + 90);
    await page.mouse.move(x, y, { steps: 3 });
    await expect(hover).toBeVisible({ timeout: 3000 });
  }).toPass();
  return hover;
}

/** Opens the quick fixes of the key at the caret, and gives them. */
export async function quickFixes(person: Person): Promise<Locator> {
  const menu = person.page.locator('.action-widget:not(.action-list-submenu-panel)');
  await expect(async () => {
    await person.press('Escape');
    await clickKey(person);
    await person.press('ControlOrMeta+.');
    await expect(menu.locator('.monaco-list-row.action').first()).toBeVisible({ timeout: 3000 });
  }).toPass();
  return menu;
}

/** Right-clicks the first key of the file in use and chooses an entry of the menu. */
export async function keyMenu(person: Person, entry: string): Promise<void> {
  const menu = person.page.locator('.context-view .monaco-menu, .monaco-menu-container .monaco-menu');
  const item = menu.locator('.action-item', { has: person.page.getByText(entry, { exact: true }) });
  await expect(async () => {
    await person.press('Escape');
    await clickKey(person);
    await clickKey(person, 'right');
    await expect(item).toBeVisible({ timeout: 3000 });
  }).toPass();
  await expect(async () => {
    if ((await menu.count()) > 0) await item.click({ timeout: 1000 });
    await expect(menu).toHaveCount(0, { timeout: 250 });
  }).toPass();
}

/** Opens the Problems panel and gives its rows. */
export async function openProblems(person: Person): Promise<Locator> {
  const panel = person.page.locator('.markers-panel-container');
  await expect(async () => {
    if (!(await panel.isVisible())) await person.press('ControlOrMeta+Shift+M');
    await expect(panel).toBeVisible({ timeout: 3000 });
  }).toPass();
  return panel.locator('.monaco-list-row');
}

async function middleOf(part: Locator): Promise<{ readonly x: number; readonly y: number }> {
  const box = await part.boundingBox();
  if (!box) throw new Error('It is not on the screen.');
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
