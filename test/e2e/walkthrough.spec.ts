// The walkthrough "Get started with Omi API keys", as somebody new meets it.
import { expect, test } from './support/stage';

test('the walkthrough shows four steps with their pictures, and ticks them off as they are done', async ({
  open,
}) => {
  const person = await open();
  const { page } = person;
  const steps = page.locator('.getting-started-step');
  const step = (title: string) => steps.filter({ hasText: title });

  // Beside a side bar there is no room for the pictures.
  await person.run('View: Toggle Primary Side Bar Visibility');
  await person.run('Welcome: Open Walkthrough...');
  await person.input.fill('Get started with Omi');
  await person.pick('Get started with Omi API keys');
  await expect(steps).toHaveCount(4);
  for (const title of ['Sign in to Omi', 'See your API keys', 'Create an API key', 'Revoke an API key']) {
    await step(title).click();
    const image = page.locator('.getting-started-media img');
    await expect(image).toBeVisible();
    await expect(image).toHaveAttribute('alt', /\w/);
    await expect
      .poll(() => image.evaluate((picture) => (picture as unknown as { naturalWidth: number }).naturalWidth))
      .toBeGreaterThan(300);
  }
  if (process.env['OMI_PICTURES'] === '1') await page.screenshot({ path: 'out/walkthrough.png' });
  await expect(step('Sign in to Omi').locator('.codicon-getting-started-step-checked')).toHaveCount(0);

  await person.signInAndSee('prod-bot');
  for (const title of ['Sign in to Omi', 'See your API keys']) {
    await expect(step(title).locator('.codicon-getting-started-step-checked').first()).toBeVisible();
  }
  const create = step('Create an API key').locator('.codicon-getting-started-step-checked');
  const revoke = step('Revoke an API key').locator('.codicon-getting-started-step-checked');
  await expect(create.or(revoke)).toHaveCount(0);
  await person.run('Omi: Create API Key');
  await expect(person.quickInput).toContainText('Developer Key');
  await person.press('Escape');
  await expect(create.first()).toBeVisible();
  await expect(revoke).toHaveCount(0);
  await person.run('Omi: Revoke API Key');
  await expect(person.quickInput).toContainText('prod-bot');
  await person.press('Escape');
  await expect(revoke.first()).toBeVisible();
});
