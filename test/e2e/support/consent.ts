import { connect } from 'node:net';
import { expect, type Page } from '@playwright/test';
import { accounts, type AccountName } from '../../../sandbox/accounts';
import type { Person } from './person';

/** Omi's page in the browser, on which somebody allows or declines a sign-in. */
export class Consent {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What VS Code asked for. */
  get query(): URLSearchParams {
    return new URL(this.page.url()).searchParams;
  }

  /** Where the answer goes. */
  get redirectUri(): string {
    return this.query.get('redirect_uri') ?? '';
  }

  /** The port on which VS Code listens for the answer; the host passes it on by a path of that name. */
  get port(): number {
    return Number(/\/(\d+)\/callback$/.exec(this.redirectUri)?.[1]);
  }

  /** Allows as somebody. The page then goes where the answer goes, which may close it. */
  async allow(account: AccountName = 'ada'): Promise<void> {
    await this.page.getByRole('radio', { name: accounts[account].email }).check();
    await this.page.getByRole('button', { name: 'Allow' }).click();
  }

  /** Allows, and gives the address to which the browser was led, whether it could be shown or not. */
  async allowAndFollow(account: AccountName = 'ada'): Promise<string> {
    const led = this.page.waitForRequest((request) => request.url().startsWith(this.redirectUri));
    await this.allow(account);
    return (await led).url();
  }

  /** Closes the page; the answer is kept, to be sent later, as from a window that the person has forgotten. */
  async leave(account: AccountName): Promise<() => Promise<Response>> {
    const attempt = await this.page.locator('input[name="attempt"]').inputValue();
    const address = new URL('consent', this.page.url());
    await this.page.close();
    const body = new URLSearchParams({ attempt, account, decision: 'allow' });
    return () => fetch(address, { method: 'POST', body });
  }

  async decline(): Promise<void> {
    await this.page.getByRole('button', { name: 'Decline' }).click();
    await expect(this.page.getByRole('heading', { name: 'You declined' })).toBeVisible();
  }
}

/** Does what makes VS Code open the browser, and gives the page that opens. */
export async function consentAfter({ context }: Person, act: () => Promise<void>): Promise<Consent> {
  const opening = context.waitForEvent('page');
  await act();
  const page = await opening;
  await expect(page.getByRole('heading', { name: 'Sign in to the Omi sandbox' })).toBeVisible();
  return new Consent(page);
}

/** Clicks Sign In in the view and Continue with Google; gives the page that opens. */
export async function beginInBrowser(person: Person, provider = 'Google'): Promise<Consent> {
  await person.openView();
  await person.welcomeButton('Sign In').click();
  return consentAfter(person, () => person.pick(`Continue with ${provider}`));
}

/** Signs in through the browser and waits for the toast. */
export async function signInThroughBrowser(person: Person, account: AccountName = 'ada'): Promise<void> {
  const consent = await beginInBrowser(person);
  await consent.allow(account);
  await expectSignedIn(person, account);
}

/** Holds that the toast says so, that the box is gone and that the account is named above the rows. */
export async function expectSignedIn(person: Person, account: AccountName = 'ada'): Promise<void> {
  const { email } = accounts[account];
  await person.page.bringToFront();
  await expect(person.toast(`Signed in to Omi as ${email}.`)).toBeVisible();
  await expect(person.quickInput).toBeHidden();
  await expect(person.view).toContainText(email);
}

/** Whether somebody listens on a port of this machine. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (listens: boolean) => () => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
