// A VS Code window in a browser, driven as a person would drive it: keys, clicks and what can be read on screen.
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { prepareBrowser, themeIds } from './prepare';
import type { Server } from './server';

/** What `openWindow` needs. `folder` is an absolute path; `viewport` is in CSS pixels. */
export interface WindowOptions {
  /** A browser to share between windows; without one, the window has its own and closes it. */
  readonly browser?: Browser;
  /** Opens a further window (tab) of the same person, who then has the same cookies and storage. */
  readonly context?: BrowserContext;
  readonly server: Server;
  readonly folder: string;
  readonly theme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** An open window; `close` also ends the context and the browser when they were made for it. */
export interface EditorWindow {
  readonly page: Page;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

const gestureLimitMs = 20_000;

/** Launches a headless Chromium: the installed one, else the one from npm. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args, env } = await prepareBrowser();
  return chromium.launch({ executablePath, args: [...args], env: { ...definedEnvironment(), ...env } });
}

/** Opens a folder in a new window and resolves when the workbench is drawn and its extension host has been started. */
export async function openWindow(options: WindowOptions): Promise<EditorWindow> {
  const { server, folder, theme = 'dark', viewport = { width: 1280, height: 800 } } = options;
  await server.updateSettings({ 'workbench.colorTheme': themeIds(server.host)[theme] });
  const ownBrowser = options.browser || options.context ? undefined : await launchBrowser();
  const ownContext = options.context
    ? undefined
    : await (options.browser ?? ownBrowser)?.newContext({ viewport, colorScheme: theme });
  const context = options.context ?? ownContext;
  if (context === undefined) throw new Error('A window needs a browser or a context.');
  const close = async (page?: Page) => {
    await page?.close();
    await ownContext?.close();
    await ownBrowser?.close();
  };
  try {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });
    const page = await context.newPage();
    await page.goto(`${server.url}/?folder=${encodeURIComponent(folder)}`);
    await page.locator('.monaco-workbench .activitybar').waitFor({ timeout: 60_000 });
    // The remote indicator leaves its "Opening Remote…" state when the connection stands.
    await page
      .locator('.statusbar-item[id="status.host"]:not(:has-text("Opening"))')
      .waitFor({ timeout: 60_000 });
    return { page, context, close: () => close(page) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The quick input: the palette, a pick or an input box, whichever is open. */
export function quickInput(page: Page): Locator {
  return page.locator('.quick-input-widget:visible');
}

/** Runs a command by its full title (`Omi: Revoke API Key`) from the palette. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const input = quickInput(page).locator('input[type="text"]');
  const entry = quickInput(page).locator('.monaco-list-row', {
    has: page.locator('.quick-input-list-row', { hasText: title }),
  });
  await until(page, `command "${title}" in the palette`, async () => {
    // Opened anew each time: the palette lists only what was registered when it was filled.
    if ((await input.count()) > 0) await page.keyboard.press('Escape');
    await page.keyboard.press('F1');
    await input.fill(`>${title}`, { timeout: 2000 });
    await entry.first().waitFor({ timeout: 1000 });
  });
  await entry.first().click();
}

/** Opens the Omi view from the activity bar, unless it is open already. */
export async function openOmiView(page: Page): Promise<void> {
  const tab = page.locator('.activitybar .action-item', { has: page.locator('[aria-label^="Omi"]') }).first();
  await until(page, 'the Omi view', async () => {
    const open = page.locator('.sidebar .composite.title', { hasText: /omi/i });
    if ((await open.count()) === 0) await tab.click({ timeout: 2000 });
    await open.waitFor({ timeout: 2000 });
  });
}

/** A row of a tree in the side bar, by (part of) its name or by a pattern. */
export function treeRow(page: Page, name: string | RegExp): Locator {
  return page.locator('.sidebar [role="treeitem"]', { hasText: name });
}

/** Right-clicks a row and chooses an entry of its menu. */
export async function contextMenu(page: Page, row: Locator, entry: string): Promise<void> {
  const menu = page.locator('.context-view .monaco-menu');
  // By its label alone: a menu item's accessible name may also hold its keyboard shortcut.
  const item = menu.locator('[role="menuitem"]', { has: page.getByText(entry, { exact: true }) });
  await row.click({ button: 'right' });
  await item.waitFor({ timeout: gestureLimitMs });
  // A menu ignores clicks for a moment after it opened, so the click is repeated until the menu is gone.
  await until(page, `menu entry "${entry}"`, async () => {
    if ((await menu.count()) > 0) await item.click({ timeout: 1000 }).catch(ignoreGone(menu));
    await menu.waitFor({ state: 'detached', timeout: 250 });
  });
}

/** The modal dialog that is open. */
export function modal(page: Page): Locator {
  return page.locator('.monaco-dialog-box');
}

/** Presses a button of the open modal dialog and waits until it has closed. */
export async function pressModal(page: Page, button: string): Promise<void> {
  await modal(page).waitFor({ timeout: gestureLimitMs });
  await modal(page).getByRole('button', { name: button, exact: true }).click();
  await modal(page).waitFor({ state: 'detached', timeout: gestureLimitMs });
}

/** The notification toasts on screen. They fade after some ten seconds. */
export function toasts(page: Page): Locator {
  return page.locator('.notifications-toasts .notification-toast');
}

/** Repeats a gesture until it passes; fails with its last error when the time is over. */
async function until(page: Page, what: string, gesture: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + gestureLimitMs;
  for (;;) {
    try {
      await gesture();
      return;
    } catch (error) {
      if (page.isClosed() || Date.now() > deadline) {
        throw new Error(`Not reached: ${what}.`, { cause: error });
      }
    }
  }
}

/** A click on an element that has just left is a success; any other failure is not. */
function ignoreGone(menu: Locator): (error: unknown) => Promise<void> {
  return async (error) => {
    if ((await menu.count()) > 0) throw error;
  };
}

function definedEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) if (value !== undefined) env[key] = value;
  return env;
}
