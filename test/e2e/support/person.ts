import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import type { AccountName } from '../../../sandbox/server';
import { modal, pressModal, quickInput, runCommand, toasts, type EditorWindow } from '../../hosts/window';

/** Somebody at a VS Code window: acts by mouse and keys, and reads what is on the screen. */
export class Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly #window: EditorWindow;
  readonly #tokenOf: (account: AccountName) => string;

  /** @param tokenOf where the person gets a token from. */
  constructor(window: EditorWindow, tokenOf: (account: AccountName) => string) {
    this.#window = window;
    this.#tokenOf = tokenOf;
    this.page = window.page;
    this.context = window.context;
  }

  /** The view "API Keys": its welcome text, message and rows. */
  get view(): Locator {
    return this.page.locator('.sidebar .pane-body');
  }

  /** A button of the view's welcome text, by its whole name. */
  welcomeButton(name: string): Locator {
    return this.page.locator('.sidebar .welcome-view').getByRole('button', { name, exact: true });
  }

  /** The rows of the view with some words in them. */
  rows(words: string | RegExp): Locator {
    return this.page.locator('.sidebar .monaco-list-row', { hasText: words });
  }

  /** The first row of the view with some words in it. */
  row(words: string | RegExp): Locator {
    return this.rows(words).first();
  }

  /** A notification on the screen, by words in it. */
  toast(words: string | RegExp): Locator {
    return toasts(this.page).filter({ hasText: words });
  }

  get modal(): Locator {
    return modal(this.page);
  }

  get quickInput(): Locator {
    return quickInput(this.page);
  }

  /** The text box of the palette, a pick or an input box. */
  get input(): Locator {
    return this.quickInput.locator('.quick-input-box input');
  }

  /** What an input box says below the text. */
  get inputAnswer(): Locator {
    return this.quickInput.locator('.quick-input-message');
  }

  /** Opens the Omi view by its icon, unless it is open. */
  async openView(): Promise<void> {
    const icon = this.page.locator('.activitybar .action-item', {
      has: this.page.locator('[aria-label^="Omi"]'),
    });
    const title = this.page.locator('.sidebar .composite.title', { hasText: /omi/i });
    // A click on the icon of a view that is just being restored hides it again.
    await expect(async () => {
      if (!(await title.isVisible())) await icon.first().click({ timeout: 5000 });
      await expect(title).toBeVisible({ timeout: 5000 });
    }).toPass({ timeout: 40_000 });
  }

  run(title: string): Promise<void> {
    return runCommand(this.page, title);
  }

  /** Right-clicks a row and chooses an entry of its menu. */
  async contextMenu(row: Locator, entry: string): Promise<void> {
    const menu = this.page.locator('.context-view .monaco-menu');
    const item = menu.locator('.action-item', { has: this.page.getByText(entry, { exact: true }) });
    await row.click({ button: 'right' });
    await expect(item).toBeVisible();
    // A menu ignores clicks for a moment after it opened, so the click is repeated until the menu is gone.
    await expect(async () => {
      if ((await menu.count()) > 0) await item.click({ timeout: 1000 });
      await expect(menu).toHaveCount(0, { timeout: 250 });
    }).toPass();
  }

  /** Clicks the trash icon that a row shows under the mouse. */
  async clickTrash(row: Locator): Promise<void> {
    await row.hover();
    await row.getByRole('button', { name: 'Revoke API Key' }).click();
  }

  /** Clicks an icon of a row that is drawn anew from time to time, as after its extension host has come back. */
  async clickIcon(row: Locator, name: string): Promise<void> {
    await expect(async () => {
      await row.hover({ timeout: 1000 });
      await row.getByRole('button', { name }).click({ timeout: 1000 });
    }).toPass({ timeout: 60_000 });
  }

  /** Selects rows as with the mouse and the Ctrl key. */
  async select(...rows: readonly Locator[]): Promise<void> {
    for (const [index, row] of rows.entries()) {
      await row.click(index === 0 ? {} : { modifiers: ['ControlOrMeta'] });
      await expect(row).toHaveAttribute('aria-selected', 'true');
    }
  }

  pressModal(button: string): Promise<void> {
    return pressModal(this.page, button);
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key);
  }

  /** Presses a button of a notification. */
  async pressToast(toast: Locator, button: string): Promise<void> {
    await toast.getByRole('button', { name: button, exact: true }).click();
  }

  /** Closes every notification. */
  async clearToasts(): Promise<void> {
    await this.run('Notifications: Clear All Notifications');
    await expect(toasts(this.page)).toHaveCount(0);
  }

  /** Opens the view and signs in with a token from the sandbox; the list is not waited for. */
  async signIn(account: AccountName = 'ada'): Promise<void> {
    await this.openView();
    await this.welcomeButton('Sign In with Firebase Token').click();
    await this.enterToken(this.#tokenOf(account));
    await expect(this.toast('Signed in to Omi as')).toBeVisible();
  }

  /** Leaves the window as it was opened: signed out, nothing on the screen but the view. */
  async signOutAndClear(): Promise<void> {
    await this.openView();
    await this.clearToasts();
    await this.run('Omi: Sign Out');
    await expect(this.toast(/^.*(Signed out|Nobody is signed in)/)).toBeVisible();
    await this.clearToasts();
    await expect(this.welcomeButton('Sign In with Firebase Token')).toBeVisible();
    await expect(this.rows('')).toHaveCount(0);
  }

  /** Signs in and waits for a key in the list. */
  async signInAndSee(name: string, account: AccountName = 'ada'): Promise<Locator> {
    await this.signIn(account);
    await expect(this.row(name)).toBeVisible();
    return this.row(name);
  }

  /** Chooses a row of the open pick. */
  async pick(label: string): Promise<void> {
    await this.quickInput.locator('.monaco-list-row', { hasText: label }).click();
  }

  /** A button in the title of the open input box. */
  boxButton(name: string | RegExp): Locator {
    return this.quickInput.getByRole('button', { name });
  }

  /** Pastes a token into the open password box and accepts it; the box must close. */
  async enterToken(token: string): Promise<void> {
    await this.typeSecret(token);
    await this.press('Enter');
    await expect(this.quickInput).toBeHidden();
  }

  /** Types a secret into the open password box, in place of what it holds. A failure does not name it. */
  async typeSecret(secret: string): Promise<void> {
    await expect(this.input).toHaveAttribute('type', 'password');
    await this.input.selectText();
    await this.page.keyboard.insertText(secret).catch(() => {
      throw new Error('The secret could not be typed.');
    });
  }

  /** Ticks keys in the open pick, each by its name and more words of its row. */
  async tick(...rows: readonly (string | RegExp)[]): Promise<void> {
    for (const words of rows) {
      const row = this.quickInput.locator('.monaco-list-row').filter({ hasText: words }).first();
      const box = row.getByRole('checkbox');
      await row.click();
      await expect(box).toHaveAttribute('aria-checked', 'true');
    }
  }

  /** Accepts what is ticked in the open pick, by its button: wherever the focus is, as after a row was drawn anew. */
  async acceptTicked(): Promise<void> {
    await this.quickInput.getByRole('button', { name: 'OK', exact: true }).click();
  }

  /** Chooses the workspace as the place of a rotated key, up to the review, where all places are ticked. */
  async replaceInWorkspace(place: string): Promise<void> {
    const ways = this.quickInput.locator('.monaco-list-row', { hasText: 'Replace in This Workspace' });
    const places = this.quickInput.locator('.monaco-list-row', { has: this.page.getByRole('checkbox') });
    await expect(ways.or(places).first()).toBeVisible();
    if ((await ways.count()) > 0) await ways.click();
    await expect(places.filter({ hasText: place })).toBeVisible();
    for (const box of await places.getByRole('checkbox').all()) {
      await expect(box).toHaveAttribute('aria-checked', 'true');
    }
  }

  async close(): Promise<void> {
    await this.#window.close();
  }
}
