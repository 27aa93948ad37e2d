import { connect } from 'node:net';
import type { AccountName } from '../../../sandbox/server';
import { hostWatch } from './hostWatch';
import { until } from './until';

/** Plays the browser: opens Omi's page and decides there. Gives where the page leads back to; null for a Decline. */
export async function decide(address: string, account: AccountName | 'decline'): Promise<URL | null> {
  note(new URL(address), 'state', 'code_challenge');
  const page = await (await fetch(address)).text();
  const attempt = /name="attempt" value="([^"]+)"/.exec(page)?.[1];
  if (attempt === undefined) throw new Error(`No consent page: ${page}`);
  const decision = account === 'decline' ? { decision: account } : { decision: 'allow', account };
  const answer = await fetch(new URL('/v1/auth/consent', address), {
    method: 'POST',
    body: new URLSearchParams({ attempt, ...decision }),
    redirect: 'manual',
  });
  const location = answer.headers.get('location');
  if (location === null) return null;
  const back = new URL(location);
  note(back, 'code');
  return back;
}

/** Plays the browser to the end: allows, and follows the way back. Gives the page that says so. */
export async function browse(address: string, account: AccountName): Promise<Response> {
  const back = await decide(address, account);
  if (!back) throw new Error('The page led nowhere');
  return fetch(back);
}

/** The way back that an address names. */
export function wayBackOf(address: string): URL {
  return new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
}

/** The port on which the extension listens for an attempt; an editor in the browser passes it on under its own. */
export function listenerOf(address: string): number {
  const { pathname, port } = wayBackOf(address);
  return Number(/^\/(\d+)\/callback$/.exec(pathname)?.[1] ?? port);
}

/** Waits until nobody listens any more for an attempt. */
export async function nobodyListens(address: string): Promise<void> {
  const port = listenerOf(address);
  await until(`port ${String(port)} to be closed`, async () => !(await answers(port)));
}

/** Whether somebody listens on a port of this machine. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function note({ searchParams }: URL, ...names: readonly string[]): void {
  for (const name of names) {
    const secret = searchParams.get(name);
    if (secret !== null) hostWatch().secrets.add(secret);
  }
}
