import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  blockedClientKey,
  googleErrorBody,
  type AccountName,
  type FaultEffect,
} from '../../../sandbox/server';
import { BrowserSignIn, type SignInAttempt } from '../../../src/account/browserSignIn';
import { readPastedAddress, type WayBack, type WaysBackParts } from '../../../src/account/waysBack';
import { createFirebaseApi } from '../../../src/omi/firebase';
import { failureOf, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { baseOf, decide, exchangePath, firebaseOf, httpOf, signInPath } from '../support/signIn';

const opened: BrowserSignIn[] = [];
const sockets: Socket[] = [];

withSandbox();
afterEach(() => {
  for (const browser of opened.splice(0)) browser.dispose();
  for (const socket of sockets.splice(0)) socket.destroy();
});

const page = { title: 'Back to <VS Code> & "more"', text: 'Close <script>alert(1)</script> this' };
const scheme = 'vscode://omi-community.omi-api-keys/callback';

interface Given extends Partial<WaysBackParts> {
  readonly limit?: number;
  readonly timeoutMs?: number;
  readonly apiKey?: string;
}

/** The sign-in of one window, and the system that hands it addresses. */
function openWindow({ limit, timeoutMs, apiKey, ...ways }: Given = {}) {
  const listeners = new Set<(query: string) => void>();
  const http = httpOf(timeoutMs);
  const browser = new BrowserSignIn({
    http,
    firebase: createFirebaseApi({ http, now: Date.now }),
    ways: {
      externalAddress: (local) => Promise.resolve(local),
      schemeAddress: undefined,
      onDidReceiveUri: (listener) => {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
      page,
      ...ways,
    },
    now: Date.now,
    ...(limit === undefined ? {} : { limit }),
  });
  opened.push(browser);
  const cancel = new AbortController();
  return {
    cancel: () => cancel.abort(),
    listeners,
    /** What the system does with an address of this editor. */
    receive: (address: string) => listeners.forEach((listener) => listener(new URL(address).search.slice(1))),
    begin: (ways?: readonly WayBack[]) =>
      browser.begin(
        'google',
        { base: baseOf(sandbox), firebase: firebaseOf(sandbox, apiKey) },
        cancel.signal,
        ways,
      ),
    browser,
  };
}

const redirectOf = ({ address }: SignInAttempt) => new URL(address).searchParams.get('redirect_uri') ?? '';
const stateOf = ({ address }: SignInAttempt) => new URL(address).searchParams.get('state') ?? '';
const allow = async (attempt: SignInAttempt, account: AccountName = 'ada') =>
  (await decide(attempt.address, account)) ?? '';

/** An attempt of the loopback way, whose address is asked for as given; for what `fetch` would not send. */
function ask(
  attempt: SignInAttempt,
  asked: { readonly path: string; readonly method?: string; readonly host?: string },
): Promise<{ status: number; body: string }> {
  const { hostname, port, host } = new URL(redirectOf(attempt));
  return new Promise((resolve, reject) => {
    const { path, method = 'GET' } = asked;
    const sent = request({
      hostname,
      port,
      path,
      method,
      agent: false,
      headers: { host: asked.host ?? host },
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (body += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.end();
  });
}

/** Whether somebody listens where the attempt's answer was to come. */
function isListening(attempt: SignInAttempt): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(redirectOf(attempt)).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    sockets.push(socket);
  });
}

const attemptEnd = (attempt: SignInAttempt) => {
  let ended = false;
  void attempt.result.then(() => (ended = true));
  return () => ended;
};

describe('loopback', () => {
  test.each(['ada', 'grace'] as const)('signs %s in, whom the person picked', async (account) => {
    const attempt = await openWindow().begin();
    expect(attempt.way).toBe('loopback');
    expect(redirectOf(attempt)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const landing = await fetch(await allow(attempt, account));
    expect(landing.status).toBe(200);
    const session = valueOf(await attempt.result);
    expect(session.account).toEqual({
      id: sandbox.accounts[account].uid,
      label: sandbox.accounts[account].email,
    });
    expect(sandbox.refreshTokens(account)).toEqual([session.renewal?.refreshToken]);
    expect(await isListening(attempt)).toBe(false);
  });

  test('the page says so in escaped words, holds no code, and is kept by nobody', async () => {
    const attempt = await openWindow().begin();
    const address = await allow(attempt);
    const landing = await fetch(address);
    const html = await landing.text();
    const code = new URL(address).searchParams.get('code') ?? '';
    expect(html).not.toContain(code);
    expect(html).not.toContain(stateOf(attempt));
    expect(html).toContain('Back to &#60;VS Code&#62; &#38; &#34;more&#34;');
    expect(html).not.toContain('<script>alert');
    expect(landing.headers.get('cache-control')).toBe('no-store');
    expect(landing.headers.get('referrer-policy')).toBe('no-referrer');
    expect(landing.headers.get('content-security-policy')).toContain("default-src 'none'");
    valueOf(await attempt.result);
  });

  test('what is not of this attempt is turned away, and the attempt goes on', async () => {
    const attempt = await openWindow().begin();
    const ended = attemptEnd(attempt);
    const good = `/callback?code=of-someone&state=${encodeURIComponent(stateOf(attempt))}`;
    const turnedAway: [number, Parameters<typeof ask>[1]][] = [
      [400, { path: '/callback' }],
      [400, { path: '/callback?code=x' }],
      [400, { path: '/callback?code=x&state=' }],
      [400, { path: '/callback?code=x&state=of-another' }],
      [400, { path: `/callback?code=x&state=${stateOf(attempt)}x` }],
      [400, { path: `/callback?error=access_denied&state=of-another` }],
      [400, { path: good, host: 'example.com' }],
      [400, { path: good, host: `127.0.0.1.example.com:80` }],
      [400, { path: good, host: 'localhost.example.com' }],
      [404, { path: '/' }],
      [404, { path: good.replace('callback', 'callback/') }],
      [404, { path: good.replace('callback', 'Callback') }],
      [404, { path: '/favicon.ico' }],
      [404, { path: good, method: 'POST' }],
      [404, { path: good, method: 'PUT' }],
      [404, { path: good, method: 'OPTIONS' }],
    ];
    for (const [status, asked] of turnedAway) {
      const answer = await ask(attempt, asked);
      expect({ ...asked, ...answer }).toEqual({ ...asked, status, body: '' });
    }
    expect(ended()).toBe(false);
    expect(sandbox.requestLines).toEqual([]);
    await fetch(await allow(attempt));
    valueOf(await attempt.result);
  });

  test.each(['//', '///', '//[', 'http://[/', '/\\', '*', '/%', '/callback?%'])(
    'an address that cannot be read does no harm: %s',
    async (path) => {
      const attempt = await openWindow().begin();
      const { status } = await ask(attempt, { path });
      expect([400, 404]).toContain(status);
      await fetch(await allow(attempt));
      valueOf(await attempt.result);
    },
  );

  test('a code that was used already is refused by Omi', async () => {
    const first = await openWindow().begin();
    const used = await allow(first);
    await fetch(used);
    valueOf(await first.result);
    const second = await openWindow().begin();
    const replayed = new URL(redirectOf(second));
    replayed.search = new URLSearchParams({
      code: new URL(used).searchParams.get('code') ?? '',
      state: stateOf(second),
    }).toString();
    await fetch(replayed);
    expect(failureOf(await second.result)).toEqual({
      kind: 'codeRefused',
      detail: 'Invalid or expired code',
    });
    expect(await isListening(second)).toBe(false);
  });

  test('the same address twice is one sign-in', async () => {
    const attempt = await openWindow().begin();
    const address = await allow(attempt);
    let release = (): void => undefined;
    sandbox.fault({ path: exchangePath, effect: { hold: new Promise<void>((go) => (release = go)) } });
    await fetch(address);
    await sandbox.waitForRequest({ path: exchangePath });
    await fetch(address);
    release();
    valueOf(await attempt.result);
    expect(sandbox.requests.filter(({ rawPath }) => rawPath === exchangePath)).toHaveLength(1);
  });

  test('a connection that the browser opened beforehand does not hold up the end', async () => {
    const attempt = await openWindow().begin();
    const { port } = new URL(redirectOf(attempt));
    for (const words of ['', 'GET /callback HTTP/1.1\r\n']) {
      const socket = connect(Number(port), '127.0.0.1');
      sockets.push(socket.on('error', () => undefined));
      await new Promise<void>((connected) => socket.once('connect', () => connected()));
      if (words !== '') socket.write(words);
    }
    const landing = await fetch(await allow(attempt));
    expect(await landing.text()).toContain('Back to');
    const started = Date.now();
    valueOf(await attempt.result);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(await isListening(attempt)).toBe(false);
  });

  test('declined in words: told, with the word', async () => {
    const attempt = await openWindow().begin();
    const landing = new URL(redirectOf(attempt));
    landing.search = new URLSearchParams({ error: 'access_denied', state: stateOf(attempt) }).toString();
    expect((await fetch(landing)).status).toBe(200);
    expect(failureOf(await attempt.result)).toEqual({ kind: 'declined', detail: 'access_denied' });
    expect(await isListening(attempt)).toBe(false);
    expect(sandbox.requestLines).toEqual([]);
  });

  test('declined on the consent page, of which nobody hears: the time limit ends it', async () => {
    const attempt = await openWindow({ limit: 300 }).begin();
    expect(await decide(attempt.address, 'ada', 'decline')).toBeUndefined();
    expect(failureOf(await attempt.result)).toEqual({ kind: 'tooLate', limit: 300 });
    expect(await isListening(attempt)).toBe(false);
  });

  test('a cancel ends it, and leaves no listener', async () => {
    const window = openWindow();
    const attempt = await window.begin();
    expect(await isListening(attempt)).toBe(true);
    window.cancel();
    expect(failureOf(await attempt.result)).toEqual({ kind: 'cancelled' });
    expect(await isListening(attempt)).toBe(false);
  });

  test('a cancel during the exchange ends it, too', async () => {
    const window = openWindow();
    const attempt = await window.begin();
    sandbox.fault({ path: exchangePath, effect: { hang: true } });
    await fetch(await allow(attempt));
    await sandbox.waitForRequest({ path: exchangePath });
    window.cancel();
    expect(failureOf(await attempt.result)).toEqual({ kind: 'cancelled' });
    expect(await isListening(attempt)).toBe(false);
  });

  test('the time limit is for the person, not for the exchange', async () => {
    const attempt = await openWindow({ limit: 400 }).begin();
    const waited = new Promise<void>((go) => setTimeout(go, 600));
    sandbox.fault({ path: exchangePath, effect: { hold: waited } });
    await fetch(await allow(attempt));
    valueOf(await attempt.result);
  });

  test('cancelled before it began: no listener either', async () => {
    const window = openWindow();
    window.cancel();
    const attempt = await window.begin();
    expect(failureOf(await attempt.result)).toEqual({ kind: 'cancelled' });
    expect(await isListening(attempt)).toBe(false);
  });

  test('the end of the window ends it', async () => {
    const window = openWindow();
    const attempt = await window.begin();
    window.browser.dispose();
    expect(failureOf(await attempt.result)).toEqual({ kind: 'superseded' });
    expect(await isListening(attempt)).toBe(false);
  });
});

describe('one attempt at a time', () => {
  test('a second supersedes the first, whose listener is gone', async () => {
    const window = openWindow();
    const first = await window.begin();
    const late = await allow(first, 'grace');
    const second = await window.begin();
    expect(failureOf(await first.result)).toEqual({ kind: 'superseded' });
    await expect(fetch(late)).rejects.toThrow();
    expect(await isListening(first)).toBe(false);
    await fetch(await allow(second));
    expect(valueOf(await second.result).account.id).toBe(sandbox.accounts.ada.uid);
  });

  test('what the first brought late is not taken by the second', async () => {
    const window = openWindow();
    const first = await window.begin();
    const late = new URL(await allow(first, 'grace'));
    const second = await window.begin();
    const ended = attemptEnd(second);
    const { search } = late;
    expect((await ask(second, { path: `/callback${search}` })).status).toBe(400);
    expect(ended()).toBe(false);
    expect(sandbox.requests.some(({ rawPath }) => rawPath === exchangePath)).toBe(false);
  });

  test('a second during the exchange of the first supersedes it', async () => {
    const window = openWindow();
    const first = await window.begin();
    sandbox.fault({ path: signInPath, effect: { hang: true } });
    await fetch(await allow(first));
    await sandbox.waitForRequest({ path: signInPath });
    const second = await window.begin();
    expect((await first.result).ok).toBe(false);
    await fetch(await allow(second, 'linus'));
    expect(valueOf(await second.result).account.id).toBe(sandbox.accounts.linus.uid);
  });

  test('of two begun at once the later goes on', async () => {
    const window = openWindow();
    const [first, second] = await Promise.all([window.begin(), window.begin()]);
    expect(failureOf(await first.result)).toEqual({ kind: 'superseded' });
    expect(stateOf(first)).not.toBe(stateOf(second));
    await fetch(await allow(second));
    valueOf(await second.result);
    expect(await isListening(first)).toBe(false);
  });

  test('the late end of the first does not take away the second', async () => {
    const window = openWindow();
    const first = await window.begin();
    const second = await window.begin();
    await first.result;
    const third = await window.begin();
    expect(failureOf(await second.result)).toEqual({ kind: 'superseded' });
    await fetch(await allow(third));
    valueOf(await third.result);
  });
});

describe('which way back', () => {
  test.each([
    ['https', 'https://127.0.0.1:9/callback'],
    ['a forwarded host', 'https://x-50123.github.dev/callback'],
    ['plain http elsewhere', 'http://example.com/callback'],
    ['a query of its own', 'http://127.0.0.1:9/callback?x=1'],
    ['a fragment', 'http://127.0.0.1:9/callback#x'],
    ['no address', 'nonsense'],
  ])('the world outside is %s: the uri handler', async (_, external) => {
    const asked: string[] = [];
    const window = openWindow({
      externalAddress: (local) => {
        asked.push(local);
        return Promise.resolve(external);
      },
      schemeAddress: scheme,
    });
    const attempt = await window.begin();
    expect(attempt.way).toBe('uriHandler');
    expect(redirectOf(attempt)).toBe(scheme);
    const { port } = new URL(asked[0] ?? '');
    await expect(fetch(`http://127.0.0.1:${port}/callback`)).rejects.toThrow();
    window.receive(await allow(attempt, 'grace'));
    expect(valueOf(await attempt.result).account.id).toBe(sandbox.accounts.grace.uid);
    expect(window.listeners.size).toBe(0);
  });

  test('an outside address that cannot be had: the uri handler', async () => {
    const window = openWindow({
      externalAddress: () => Promise.reject(new Error('no tunnel')),
      schemeAddress: scheme,
    });
    expect((await window.begin()).way).toBe('uriHandler');
  });

  test('a forwarded port is named to Omi as the browser sees it, and the exchange names the same', async () => {
    let local = '';
    const window = openWindow({
      externalAddress: (address) => {
        local = address;
        return Promise.resolve('http://localhost:45678/callback');
      },
    });
    const attempt = await window.begin();
    expect(attempt.way).toBe('loopback');
    const landing = new URL(await allow(attempt));
    expect(landing.origin).toBe('http://localhost:45678');
    // What the forwarding does: the same request at the port of this machine.
    await fetch(local + landing.search);
    valueOf(await attempt.result);
  });

  test('an editor that drops the path of an outside address: the path stands in what Omi is told', async () => {
    const window = openWindow({ externalAddress: () => Promise.resolve('http://localhost:45678/9099/') });
    const attempt = await window.begin();
    expect(attempt.way).toBe('loopback');
    expect(redirectOf(attempt)).toBe('http://localhost:45678/9099/callback');
  });

  test('the uri handler ignores what is not of this attempt', async () => {
    const window = openWindow({ schemeAddress: scheme });
    const attempt = await window.begin(['uriHandler']);
    const ended = attemptEnd(attempt);
    for (const query of ['', 'code=x', 'code=x&state=y', 'error=access_denied&state=', '%', '&&='])
      window.receive(`${scheme}?${query}`);
    await new Promise((turn) => setImmediate(turn));
    expect(ended()).toBe(false);
    window.receive(await allow(attempt));
    valueOf(await attempt.result);
    expect(window.listeners.size).toBe(0);
  });

  test.each(['cancel', 'time limit'])('the uri handler listens no more after a %s', async (end) => {
    const window = openWindow({ schemeAddress: scheme, ...(end === 'cancel' ? {} : { limit: 50 }) });
    const attempt = await window.begin(['uriHandler']);
    expect(window.listeners.size).toBe(1);
    if (end === 'cancel') window.cancel();
    expect(failureOf(await attempt.result).kind).toBe(end === 'cancel' ? 'cancelled' : 'tooLate');
    expect(window.listeners.size).toBe(0);
  });

  test('the person chose: the ways are tried in the order of the table', async () => {
    expect((await openWindow({ schemeAddress: scheme }).begin(['uriHandler', 'loopback'])).way).toBe(
      'loopback',
    );
    expect((await openWindow({ schemeAddress: scheme }).begin(['uriHandler'])).way).toBe('uriHandler');
    expect((await openWindow().begin(['uriHandler'])).way).toBeUndefined();
    expect((await openWindow().begin([])).way).toBeUndefined();
  });

  test('neither: the address of the page where the browser ended up is pasted', async () => {
    const window = openWindow({ externalAddress: () => Promise.resolve('https://x.dev/callback') });
    const attempt = await window.begin();
    expect(attempt.way).toBeUndefined();
    const landing = await allow(attempt, 'grace');
    const arrival = readPastedAddress(`  ${landing}\n`);
    expect(arrival && attempt.accept(arrival)).toBe(true);
    expect(valueOf(await attempt.result).account.id).toBe(sandbox.accounts.grace.uid);
  });

  test.each([['loopback'], ['uriHandler']] as [WayBack][])(
    'pasting works beside the %s way, too, and closes it',
    async (way) => {
      const window = openWindow({ schemeAddress: scheme });
      const attempt = await window.begin([way]);
      const arrival = readPastedAddress(await allow(attempt));
      expect(arrival && attempt.accept(arrival)).toBe(true);
      valueOf(await attempt.result);
      expect(window.listeners.size).toBe(0);
      if (way === 'loopback') expect(await isListening(attempt)).toBe(false);
    },
  );

  test('the address of another attempt is not taken, and the attempt goes on', async () => {
    const other = await openWindow().begin();
    const attempt = await openWindow().begin([]);
    const ended = attemptEnd(attempt);
    const foreign = readPastedAddress(await allow(other));
    expect(foreign && attempt.accept(foreign)).toBe(false);
    expect(attempt.accept({ state: '', code: 'x', error: undefined })).toBe(false);
    await new Promise((turn) => setImmediate(turn));
    expect(ended()).toBe(false);
  });
});

describe('what a person pastes', () => {
  test.each([
    ['http://127.0.0.1:9/callback?code=c&state=s', { code: 'c', state: 's', error: undefined }],
    [
      'vscode://omi-community.omi-api-keys/callback?state=s&code=c%2Fd',
      { code: 'c/d', state: 's', error: undefined },
    ],
    ['  http://localhost:1/callback?code=c&state=s\r\n', { code: 'c', state: 's', error: undefined }],
    [
      'http://127.0.0.1:9/callback?error=access_denied&state=s',
      { code: undefined, state: 's', error: 'access_denied' },
    ],
  ])('%j is of a sign-in', (text, arrival) => {
    expect(readPastedAddress(text)).toEqual(arrival);
  });

  test.each([
    '',
    ' ',
    'nonsense',
    'code=c&state=s',
    '?code=c&state=s',
    '127.0.0.1:9/callback?code=c&state=s',
    'http://127.0.0.1:9/callback',
    'http://127.0.0.1:9/callback?code=c',
    'http://127.0.0.1:9/callback?state=s',
    'http://127.0.0.1:9/callback#code=c&state=s',
    'https://api.omi.me/v1/auth/authorize?provider=google&state=s&code_challenge=x',
    'http://[/?code=c&state=s',
  ])('%j is not', (text) => {
    expect(readPastedAddress(text)).toBeUndefined();
  });
});

describe('each failure of the exchange is told as what it is', () => {
  const google = (status: number, message: string): FaultEffect => ({
    status,
    body: googleErrorBody(status, message),
  });

  test.each([
    ['a refused code', exchangePath, { status: 400, body: { detail: 'no' } }, 'codeRefused'],
    [
      'a refused redirect',
      exchangePath,
      { status: 400, body: { detail: 'redirect_uri' } },
      'redirectRefused',
    ],
    ['no custom token', exchangePath, { status: 502 }, 'noCustomToken'],
    ['a form not understood', exchangePath, { status: 422 }, 'codeRefused'],
    ['a server in trouble', exchangePath, { status: 500 }, 'server'],
    ['a cut line', exchangePath, { drop: 'before' }, 'network'],
    ['too many', exchangePath, { status: 429 }, 'rateLimited'],
    ['a custom token not taken', signInPath, google(400, 'INVALID_CUSTOM_TOKEN'), 'invalid'],
    ['an account disabled', signInPath, google(400, 'USER_DISABLED'), 'sessionOver'],
    ['a Firebase in trouble', signInPath, google(503, 'UNAVAILABLE'), 'server'],
    ['a Firebase out of reach', signInPath, { drop: 'before' }, 'network'],
    [
      'an ID token that is none',
      signInPath,
      { status: 200, body: { idToken: 'nonsense', refreshToken: 'r', expiresIn: '3600' } },
      'protocol',
    ],
  ] as [string, string, FaultEffect, string][])('%s', async (_, path, effect, kind) => {
    const attempt = await openWindow().begin();
    sandbox.fault({ path, times: Infinity, effect });
    await fetch(await allow(attempt));
    expect(failureOf(await attempt.result).kind).toBe(kind);
    expect(sandbox.requests.filter(({ rawPath }) => rawPath === path)).toHaveLength(1);
    expect(await isListening(attempt)).toBe(false);
  });

  test('a blocked client key', async () => {
    const attempt = await openWindow({ apiKey: blockedClientKey }).begin();
    await fetch(await allow(attempt));
    expect(failureOf(await attempt.result)).toEqual({ kind: 'clientKeyBlocked' });
  });

  test('a server that is silent', async () => {
    const attempt = await openWindow({ timeoutMs: 300 }).begin();
    sandbox.fault({ path: exchangePath, effect: { hang: true } });
    await fetch(await allow(attempt));
    expect(failureOf(await attempt.result)).toMatchObject({ kind: 'network', cause: 'timeout' });
  });

  test('no failure holds a code, a state or a token', async () => {
    const attempt = await openWindow().begin();
    const address = await allow(attempt);
    const code = new URL(address).searchParams.get('code') ?? '';
    const detail = `bad code=${code} for state=${stateOf(attempt)}`;
    sandbox.fault({ path: exchangePath, effect: { status: 400, body: { detail } } });
    await fetch(address);
    const told = JSON.stringify(failureOf(await attempt.result));
    expect(told).not.toContain(code);
    expect(told).not.toContain(stateOf(attempt));
  });
});
