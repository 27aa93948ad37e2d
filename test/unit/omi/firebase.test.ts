import { afterEach, describe, expect, test } from 'vitest';
import { blockedClientKey, googleErrorBody, type FaultEffect } from '../../../sandbox/server';
import {
  createFirebaseApi,
  endingCodes,
  parseEmulatorHost,
  type FirebaseFailure,
  type FirebaseTokens,
} from '../../../src/omi/firebase';
import type { HttpRequest } from '../../../src/omi/http';
import { succeed, type Result } from '../../../src/omi/result';
import { exchangeCode } from '../../../src/omi/signInApi';
import { closedPort } from '../support/loopback';
import { failureOf, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { jwt, refreshToken } from '../support/secrets';
import { baseOf, clientKey, codeFrom, firebaseOf, httpOf, refreshPath, signInPath } from '../support/signIn';

const idle = new AbortController().signal;
const redirectUri = 'http://127.0.0.1:50123/callback';
const verifier = 'v'.repeat(43);

withSandbox();
afterEach(() => {
  for (const { query, headers } of sandbox.requests) {
    const said = query + JSON.stringify(headers);
    expect(said).not.toMatch(/eyJ/);
    for (const token of sandbox.refreshTokens('ada')) expect(said).not.toContain(token);
  }
});

const apiOf = (timeoutMs?: number) => createFirebaseApi({ http: httpOf(timeoutMs), now: Date.now });
async function customToken(): Promise<string> {
  const code = await codeFrom(sandbox, { redirectUri, verifier });
  const parts = { http: httpOf(), now: Date.now };
  return valueOf(await exchangeCode(parts, baseOf(sandbox), { code, redirectUri, verifier }, idle));
}

/** Both calls, each with something good to trade in. */
const calls: {
  readonly call: string;
  readonly path: string;
  readonly send: (options?: {
    timeoutMs?: number;
    apiKey?: string;
    signal?: AbortSignal;
  }) => Promise<Result<FirebaseTokens, FirebaseFailure>>;
}[] = [
  {
    call: 'sign-in',
    path: signInPath,
    send: async ({ timeoutMs, apiKey, signal = idle } = {}) => {
      const token = await customToken();
      return apiOf(timeoutMs).signIn(token, firebaseOf(sandbox, apiKey), signal);
    },
  },
  {
    call: 'refresh',
    path: refreshPath,
    send: ({ timeoutMs, apiKey, signal = idle } = {}) =>
      apiOf(timeoutMs).refresh(sandbox.openSession('ada').refreshToken, firebaseOf(sandbox, apiKey), signal),
  },
];

const sentTo = (path: string) => sandbox.requests.filter(({ rawPath }) => rawPath === path);

describe('a custom token is traded for a session', () => {
  test('of the right account, with the key in the query and the token in the body alone', async () => {
    const token = await customToken();
    const tokens = valueOf(await apiOf().signIn(token, firebaseOf(sandbox), idle));
    expect(tokens.lifetime).toBe(3_600_000);
    expect(sandbox.refreshTokens('ada')).toEqual([tokens.refreshToken]);
    const [request] = sentTo(signInPath);
    expect(request?.query).toBe(`key=${clientKey}`);
    expect(request?.method).toBe('POST');
    expect(request?.bearer).toBeNull();
    expect(JSON.parse(request?.body ?? '')).toEqual({ token, returnSecureToken: true });
  });

  test('with and without localId, which the sandbox gives every other time', async () => {
    for (let time = 0; time < 2; time += 1)
      valueOf(await apiOf().signIn(await customToken(), firebaseOf(sandbox), idle));
  });

  test.each([
    ['three words', 'a.b.c'],
    ['no JWT', 'nonsense'],
    ['a refresh token', refreshToken],
    ['of another signer', jwt({ uid: 'x' })],
  ])('refused for good: %s', async (_, token) => {
    expect(failureOf(await apiOf().signIn(token, firebaseOf(sandbox), idle))).toEqual({
      kind: 'invalid',
      detail: 'INVALID_CUSTOM_TOKEN',
      by: 'Firebase',
    });
    expect(sentTo(signInPath)).toHaveLength(1);
  });

  test('a disabled account is told as such', async () => {
    const token = await customToken();
    sandbox.setStanding('ada', 'disabled');
    expect(failureOf(await apiOf().signIn(token, firebaseOf(sandbox), idle))).toEqual({
      kind: 'sessionOver',
      code: 'USER_DISABLED',
    });
  });
});

describe('a refresh token is traded for a new ID token', () => {
  test('and replaced; the key in the query, the token in the form alone', async () => {
    sandbox.idTokenSeconds = 10;
    const { refreshToken: first } = sandbox.openSession('ada');
    const tokens = valueOf(await apiOf().refresh(first, firebaseOf(sandbox), idle));
    expect(tokens.lifetime).toBe(10_000);
    expect(tokens.refreshToken).not.toBe(first);
    expect(sandbox.refreshTokens('ada')).toEqual([tokens.refreshToken]);
    const [request] = sentTo(refreshPath);
    expect(request?.query).toBe(`key=${clientKey}`);
    expect(request?.headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: first,
    });
  });

  test.each([
    ['TOKEN_EXPIRED', () => sandbox.revokeSessions('ada')],
    ['USER_DISABLED', () => sandbox.setStanding('ada', 'disabled')],
    ['USER_NOT_FOUND', () => sandbox.setStanding('ada', 'deleted')],
    ['INVALID_REFRESH_TOKEN', () => sandbox.reset()],
  ] as const)('%s ends the session', async (code, befall) => {
    const { refreshToken: token } = sandbox.openSession('ada');
    befall();
    expect(failureOf(await apiOf().refresh(token, firebaseOf(sandbox), idle))).toEqual({
      kind: 'sessionOver',
      code,
    });
  });

  test('a token that was replaced ends the session as well', async () => {
    const { refreshToken: token } = sandbox.openSession('ada');
    valueOf(await apiOf().refresh(token, firebaseOf(sandbox), idle));
    expect(failureOf(await apiOf().refresh(token, firebaseOf(sandbox), idle))).toEqual({
      kind: 'sessionOver',
      code: 'INVALID_REFRESH_TOKEN',
    });
  });
});

describe.each(calls)('$call fails', ({ path, send }) => {
  const befall = (effect: FaultEffect) => sandbox.fault({ path, times: Infinity, effect });
  const google = (status: number, message: string): FaultEffect => ({
    status,
    body: googleErrorBody(status, message),
  });

  test.each(endingCodes)('with %s: over, also with an explanation behind it', async (code) => {
    befall(google(400, `${code} : The words of the day.`));
    expect(failureOf(await send())).toEqual({ kind: 'sessionOver', code });
  });

  test('with a blocked client key', async () => {
    expect(failureOf(await send({ apiKey: blockedClientKey }))).toEqual({ kind: 'clientKeyBlocked' });
  });

  test.each([
    ['no key', google(403, "Method doesn't allow unregistered callers.")],
    ['a referrer', google(403, 'Requests from referer <empty> are blocked.')],
    ['junk for a key', google(400, 'API key not valid. Please pass a valid API key.')],
    ['an expired key', google(400, 'API key expired. Please renew the API key.')],
  ])('with %s: the key is at fault', async (_, effect) => {
    befall(effect);
    expect(failureOf(await send())).toEqual({ kind: 'clientKeyBlocked' });
  });

  test('with a page of a gateway that forbids: not the key, and no session over', async () => {
    befall({ html: true, status: 403 });
    expect(failureOf(await send())).toEqual({ kind: 'forbidden', detail: '', by: 'Firebase' });
  });

  test.each([
    ['500', google(500, 'INTERNAL'), { kind: 'server', status: 500 }],
    ['503', google(503, 'The service is currently unavailable.'), { kind: 'server', status: 503 }],
    [
      '503 and a time to wait',
      { status: 503, headers: { 'retry-after': '7' } },
      { kind: 'server', status: 503, retryAfter: 7000 },
    ],
    ['a quota', google(429, 'TOO_MANY_ATTEMPTS_TRY_LATER'), { kind: 'rateLimited' }],
    ['a quota that names the API key', google(429, 'Quota exceeded for API key'), { kind: 'rateLimited' }],
    ['a key server that is down', google(503, 'API key service unavailable'), { kind: 'server' }],
    ['a page', { html: true }, { kind: 'server', status: 502, detail: '' }],
    ['a page that says 200', { html: true, status: 200 }, { kind: 'protocol' }],
    ['half an answer', { halfBody: true }, { kind: 'network', cause: 'interrupted' }],
    ['a cut line', { drop: 'before' }, { kind: 'network', cause: 'interrupted' }],
    ['a redirect', { redirectTo: 'http://127.0.0.1:9/' }, { kind: 'protocol' }],
    ['too much', { hugeBytes: 2 * 1024 * 1024 }, { kind: 'protocol' }],
    ['an unknown word', google(400, 'OPERATION_NOT_ALLOWED'), { kind: 'invalid' }],
    ['a word that only begins like an end', google(400, 'TOKEN_EXPIRED_SOON'), { kind: 'invalid' }],
    ['the codes in other places', google(400, 'NOT USER_DISABLED'), { kind: 'invalid' }],
    ['an empty 400', { status: 400, body: '' }, { kind: 'invalid', detail: '' }],
    ['404', { status: 404 }, { kind: 'notFound' }],
    ['nothing', { status: 200, body: '' }, { kind: 'protocol' }],
    ['null', { status: 200, body: 'null' }, { kind: 'protocol' }],
    ['an empty object', { status: 200, body: {} }, { kind: 'protocol' }],
  ] as [string, FaultEffect, object][])('in a way that passes: %s', async (_, effect, failure) => {
    befall(effect);
    expect(failureOf(await send())).toMatchObject({ ...failure, by: 'Firebase' });
    expect(sentTo(path)).toHaveLength(1);
  });

  test('by silence, within the time limit, without a second try', async () => {
    befall({ hang: true });
    expect(failureOf(await send({ timeoutMs: 300 }))).toMatchObject({ kind: 'network', cause: 'timeout' });
    expect(sentTo(path)).toHaveLength(1);
  });

  test('when cancelled, at once', async () => {
    befall({ hang: true });
    const cancel = new AbortController();
    const sent = send({ signal: cancel.signal });
    await sandbox.waitForRequest({ path });
    cancel.abort();
    expect(failureOf(await sent)).toEqual({ kind: 'cancelled' });
  });

  test.each([
    ['a number', 3600, 3_600_000],
    ['a text', '3600', 3_600_000],
    ['a part of a second more', '10.5', 10_500],
    ['none', undefined, null],
    ['zero', '0', null],
    ['less than nothing', '-1', null],
    ['words', 'soon', null],
    ['empty', '', null],
    ['without end', '1e999', null],
  ])('unless the lifetime can be read: %s', async (_, given, lifetime) => {
    const body = {
      ...{ idToken: 'a.b.c', refreshToken: 'r', expiresIn: given },
      ...{ id_token: 'a.b.c', refresh_token: 'r', expires_in: given },
    };
    befall({ status: 200, body });
    const result = await send();
    if (lifetime === null) {
      const failure = failureOf(result);
      expect(failure.kind).toBe('protocol');
      expect(JSON.stringify(failure)).toMatch(/expires/);
    } else {
      expect(valueOf(result)).toEqual({ idToken: 'a.b.c', refreshToken: 'r', lifetime });
    }
  });

  test.each([
    ['no ID token', { idToken: undefined, id_token: undefined }],
    ['an empty ID token', { idToken: '', id_token: '' }],
    ['no refresh token', { refreshToken: undefined, refresh_token: undefined }],
    ['an empty refresh token', { refreshToken: '', refresh_token: '' }],
    ['a list for a token', { idToken: ['a'], id_token: ['a'] }],
  ])('for %s, and does not tell what came', async (_, changes) => {
    const body = {
      ...{ idToken: 'secret-id', refreshToken: 'secret-refresh', expiresIn: '3600' },
      ...{ id_token: 'secret-id', refresh_token: 'secret-refresh', expires_in: '3600' },
      ...changes,
    };
    befall({ status: 200, body });
    const failure = failureOf(await send());
    expect(failure.kind).toBe('protocol');
    expect(JSON.stringify(failure)).not.toContain('secret');
  });
});

test('nobody listens at the emulator: offline', async () => {
  const server = { apiKey: clientKey, emulatorHost: `127.0.0.1:${String(await closedPort())}` };
  expect(failureOf(await apiOf().refresh('r', server, idle))).toMatchObject({
    kind: 'network',
    cause: 'offline',
  });
});

test.each([
  [undefined, 'https://identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=k%26x%3D1'],
  [
    'localhost:9099',
    'http://localhost:9099/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken?key=k%26x%3D1',
  ],
])('with the emulator at %s the sign-in goes to %s', async (emulatorHost, address) => {
  const asked: HttpRequest[] = [];
  const firebase = createFirebaseApi({
    http: (request) => {
      asked.push(request);
      return Promise.resolve(succeed({ status: 500, body: undefined, isJson: false, retryAfter: undefined }));
    },
    now: Date.now,
  });
  await firebase.signIn('t', { apiKey: 'k&x=1', emulatorHost }, idle);
  expect(asked.map(({ url }) => url.href)).toEqual([address]);
});

describe('the host of an emulator', () => {
  test.each([
    ['localhost:9099', 'localhost:9099'],
    ['127.0.0.1:9099', '127.0.0.1:9099'],
    ['127.1.2.3:1', '127.1.2.3:1'],
    ['[::1]:9099', '[::1]:9099'],
    ['LOCALHOST:65535', 'LOCALHOST:65535'],
    ['  localhost:9099\n', 'localhost:9099'],
  ])('%j is fine', (text, host) => {
    expect(valueOf(parseEmulatorHost(text))).toBe(host);
  });

  test.each([
    'example.com:9099',
    '192.168.0.2:9099',
    '0.0.0.0:9099',
    '127.0.0.1.example.com:9099',
    'localhost.example.com:80',
    '[::2]:9099',
    '128.0.0.1:9099',
  ])('%j is not this machine', (text) => {
    expect(failureOf(parseEmulatorHost(text))).toBe('notLoopback');
  });

  test.each([
    ...['', ' ', ':', ':9099', 'localhost', 'localhost:', 'localhost:x', 'localhost:65536', 'localhost:-1'],
    ...['localhost:0', 'localhost:99999', 'http://localhost:9099', 'localhost:9099/', 'localhost:9099/path'],
    ...['user@localhost:9099', 'localhost:9099?x', 'localhost:9099#x', 'local host:9099', '::1:9099'],
    ...['localhost:9099 example.com:80', 'localhost\n:9099', '[::1:9099', 'localhost:1:2', '127.0.0.999:80'],
  ])('%j is no host and port', (text) => {
    expect(failureOf(parseEmulatorHost(text))).toBe('notHostAndPort');
  });
});
