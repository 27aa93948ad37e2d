import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { kindOfRedirect } from '../../../sandbox/redirectUris';
import { blockedClientKey, googleErrorBody } from '../../../sandbox/server';
import { sandbox, withSandbox } from '../support/sandbox';
import { ask, json } from './exchange';

const verifier = 'v'.repeat(43);
const challenge = createHash('sha256').update(verifier).digest('base64url');
const redirectUri = 'http://127.0.0.1:50123/callback';

let now = 0;

beforeEach(() => {
  now = Date.UTC(2026, 5, 1);
});
withSandbox({ now: () => now });

const authorize = (changes: Record<string, string | null> = {}) => {
  const query = new URLSearchParams();
  const fields: Record<string, string | null> = {
    provider: 'google',
    redirect_uri: redirectUri,
    state: 'st',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== null) query.set(name, value);
  return ask(sandbox, `/v1/auth/authorize?${query.toString()}`);
};
const attemptOn = (page: string) => /name="attempt" value="([^"]+)"/.exec(page)?.[1] ?? '';
const decide = (attempt: string, decision = 'allow', account = 'ada') =>
  ask(sandbox, '/v1/auth/consent', {
    method: 'POST',
    body: new URLSearchParams({ attempt, decision, account }),
  });
const codeFor = async (changes: Record<string, string> = {}) => {
  const answer = await decide(attemptOn(await (await authorize(changes)).text()));
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
};
const exchange = (code: string, changes: Record<string, string> = {}) =>
  ask(sandbox, '/v1/auth/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      use_custom_token: 'true',
      code_verifier: verifier,
      ...changes,
    }),
  });
const signInPath = '/identitytoolkit.googleapis.com/v1/accounts:signInWithCustomToken';
const signIn = (token: string, key = 'client-key') =>
  ask(sandbox, `${signInPath}?key=${key}`, { method: 'POST', body: { token, returnSecureToken: true } });
const refresh = (refreshToken: string, key = 'client-key') =>
  ask(sandbox, `/securetoken.googleapis.com/v1/token?key=${key}`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  });
const message = async (response: Response) => {
  const body = await json<{ error: { code: number; message: string; status: string } }>(response);
  expect(body.error.code).toBe(response.status);
  return body.error.message;
};
const detail = async (response: Response) => {
  expect(response.status).toBe(400);
  return (await json<{ detail: string }>(response)).detail;
};

describe('authorize', () => {
  test.each([
    ['another provider', { provider: 'github' }, 'Unsupported provider'],
    ['https', { redirect_uri: 'https://vscode.dev/callback' }, 'Invalid redirect_uri'],
    ['no challenge', { code_challenge: null }, 'code_challenge is required'],
    ['the plain method', { code_challenge_method: 'plain' }, 'code_challenge_method must be S256'],
    ['no method', { code_challenge_method: null }, 'code_challenge_method must be S256'],
    ['a challenge of another shape', { code_challenge: 'short' }, 'Invalid code_challenge'],
  ])('refuses %s', async (_, changes, expected) => {
    expect(await detail(await authorize(changes))).toBe(expected);
  });

  test('names what is missing', async () => {
    const response = await authorize({ provider: null, redirect_uri: null });
    expect(response.status).toBe(422);
    expect(await json(response)).toMatchObject({
      detail: [{ loc: ['query', 'provider'] }, { loc: ['query', 'redirect_uri'] }],
    });
  });

  test.each([
    ['http://127.0.0.1:1/cb', 'loopback'],
    ['http://localhost:1/cb', 'loopback'],
    ['vscode://omi-community.omi-api-keys/cb', 'scheme'],
    ['vscode-insiders://x/cb', 'scheme'],
    ['cursor://x/cb', 'scheme'],
    ['http://example.com/cb', null],
    ['http://127.0.0.1.example.com/', null],
    ['http://user@127.0.0.1/', null],
    ['https://127.0.0.1/', null],
    ['javascript://%0aalert(1)', null],
    ['data://x', null],
    ['mailto:a@example.com', null],
    ['nonsense', null],
  ])('%s is taken as %s', (uri, kind) => {
    expect(kindOfRedirect(uri)).toBe(kind);
  });

  test('shows who asks, with everything escaped', async () => {
    const page = await authorize({ redirect_uri: 'cursor://x/"><script>alert(1)</script>' });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).not.toContain('<script');
    expect(html).toContain('Cursor');
    expect(html).toContain('lang="en"');
    expect(html.match(/type="radio"/g)).toHaveLength(3);
    expect(html).toMatch(/<fieldset><legend>/);
  });
});

describe('consent', () => {
  test('allowed: leads back with code and state', async () => {
    const answer = await decide(attemptOn(await (await authorize({ state: 'a b&c' })).text()));
    expect(answer.status).toBe(302);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(redirectUri);
    expect(location.searchParams.get('state')).toBe('a b&c');
    expect(location.searchParams.get('code')).not.toBe('');
  });

  test('allowed, for a program with a scheme of its own: a page with the link', async () => {
    const answer = await decide(
      attemptOn(await (await authorize({ redirect_uri: 'vscode://a.b/cb' })).text()),
    );
    expect(answer.status).toBe(200);
    const html = await answer.text();
    expect(html).toMatch(/href="vscode:\/\/a\.b\/cb\?code=[^"]+&#38;state=st"/);
    expect(html).toContain('location.href = "vscode://a.b/cb?code=');
  });

  test('declined: nothing is sent back, and the attempt is over', async () => {
    const attempt = attemptOn(await (await authorize()).text());
    const answer = await decide(attempt, 'decline');
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    expect(await answer.text()).toContain('You declined');
    expect((await decide(attempt)).status).toBe(400);
  });

  test('an attempt lives 300 s and is decided once', async () => {
    const old = attemptOn(await (await authorize()).text());
    now += 300_000;
    expect(await (await decide(old)).text()).toContain('expired');
    const fresh = attemptOn(await (await authorize()).text());
    now += 299_000;
    expect((await decide(fresh)).status).toBe(302);
    expect((await decide(fresh)).status).toBe(400);
  });

  test('an unknown account or decision decides nothing', async () => {
    const attempt = attemptOn(await (await authorize()).text());
    expect((await decide(attempt, 'allow', 'eve')).status).toBe(400);
    expect((await decide(attempt, 'perhaps')).status).toBe(400);
    expect((await decide(attempt)).status).toBe(302);
  });
});

describe('the exchange of the code', () => {
  test('gives a custom token, and an ID token that Omi does not take', async () => {
    const response = await exchange(await codeFor());
    expect(response.status).toBe(200);
    const body = await json<{ id_token: string; custom_token: string }>(response);
    expect(body).toMatchObject({
      provider: 'google',
      provider_id: 'google.com',
      token_type: 'Bearer',
      expires_in: 3600,
    });
    for (const bearer of [body.id_token, body.custom_token]) {
      expect((await ask(sandbox, '/v1/dev/keys', { bearer })).status).toBe(401);
    }
    expect(sandbox.requests.find((request) => request.rawPath === '/v1/auth/token')?.body).toContain(
      'code_verifier=',
    );
  });

  test('gives no custom token unless asked for one', async () => {
    const response = await exchange(await codeFor({ provider: 'apple' }), { use_custom_token: 'false' });
    expect(await json(response)).not.toHaveProperty('custom_token');
  });

  test('takes a code once', async () => {
    const code = await codeFor();
    expect((await exchange(code)).status).toBe(200);
    expect(await detail(await exchange(code))).toBe('Invalid or expired code');
  });

  test('takes a code for 300 s', async () => {
    const code = await codeFor();
    now += 300_000;
    expect(await detail(await exchange(code))).toBe('Invalid or expired code');
  });

  test.each([
    ['another verifier', { code_verifier: 'w'.repeat(43) }, 'Invalid code_verifier'],
    ['a short verifier', { code_verifier: 'v' }, 'Invalid code_verifier'],
    ['another redirect', { redirect_uri: `${redirectUri}/` }, 'redirect_uri does not match'],
  ])('%s is refused, and burns the code', async (_, changes, expected) => {
    const code = await codeFor();
    expect(await detail(await exchange(code, changes))).toBe(expected);
    expect(await detail(await exchange(code))).toBe('Invalid or expired code');
  });

  test('another grant type is refused, JSON is no form', async () => {
    expect(await detail(await exchange('x', { grant_type: 'password' }))).toBe('Unsupported grant type');
    const response = await ask(sandbox, '/v1/auth/token', { method: 'POST', body: { code: 'x' } });
    expect(response.status).toBe(422);
  });
});

describe('Firebase', () => {
  const customToken = async () =>
    (await json<{ custom_token: string }>(exchange(await codeFor()))).custom_token;

  test('changes a custom token into a session that Omi takes', async () => {
    const response = await signIn(await customToken());
    expect(response.status).toBe(200);
    const body = await json<{ idToken: string; refreshToken: string; expiresIn: string }>(response);
    expect(body.expiresIn).toBe('3600');
    expect(body).not.toHaveProperty('localId');
    expect((await ask(sandbox, '/v1/dev/keys', { bearer: body.idToken })).status).toBe(200);
    expect(sandbox.refreshTokens('ada')).toEqual([body.refreshToken]);
    expect(await json(signIn(await customToken()))).toHaveProperty('localId', sandbox.accounts.ada.uid);
  });

  test('refuses what is no custom token', async () => {
    expect(await message(await signIn('abc'))).toMatch(/^INVALID_CUSTOM_TOKEN : /);
    expect(await message(await signIn(sandbox.token('ada')))).toBe('INVALID_CUSTOM_TOKEN');
    expect(await message(await signIn(''))).toBe('MISSING_CUSTOM_TOKEN');
    const token = await customToken();
    now += 3_600_000;
    expect(await message(await signIn(token))).toBe('INVALID_CUSTOM_TOKEN');
    expect(
      (await ask(sandbox, '/identitytoolkit.googleapis.com/v1/accounts:lookup?key=k', { method: 'POST' }))
        .status,
    ).toBe(404);
  });

  test('refuses a missing or restricted client key', async () => {
    const { refreshToken } = sandbox.openSession('ada');
    for (const response of [await signIn('x', ''), await refresh(refreshToken, '')])
      expect(response.status).toBe(403);
    const blocked = await refresh(refreshToken, blockedClientKey);
    expect(blocked.status).toBe(403);
    expect(await json(blocked)).toMatchObject({
      error: { code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'API_KEY_SERVICE_BLOCKED' }] },
    });
  });

  test('rotates refresh tokens: the old one is refused', async () => {
    const { refreshToken } = sandbox.openSession('ada');
    const response = await refresh(refreshToken);
    expect(response.status).toBe(200);
    const body = await json<{ id_token: string; refresh_token: string; expires_in: string }>(response);
    expect(body).toMatchObject({
      expires_in: '3600',
      token_type: 'Bearer',
      user_id: sandbox.accounts.ada.uid,
    });
    expect(body.refresh_token).not.toBe(refreshToken);
    expect((await ask(sandbox, '/v1/dev/keys', { bearer: body.id_token })).status).toBe(200);
    expect(sandbox.refreshTokens('ada')).toEqual([body.refresh_token]);
    expect(await message(await refresh(refreshToken))).toBe('INVALID_REFRESH_TOKEN');
    expect((await refresh(body.refresh_token)).status).toBe(200);
  });

  test('lets the old refresh token work for the grace', async () => {
    sandbox.refreshGraceMs = 1000;
    const { refreshToken } = sandbox.openSession('ada');
    expect((await refresh(refreshToken)).status).toBe(200);
    now += 999;
    expect((await refresh(refreshToken)).status).toBe(200);
    now += 1;
    expect(await message(await refresh(refreshToken))).toBe('INVALID_REFRESH_TOKEN');
    sandbox.reset();
    expect(sandbox.refreshGraceMs).toBe(0);
  });

  test('gives ID tokens of the life that is set', async () => {
    sandbox.idTokenSeconds = 10;
    const { idToken, refreshToken } = sandbox.openSession('ada');
    const listed = async () => (await ask(sandbox, '/v1/dev/keys', { bearer: idToken })).status;
    expect(await listed()).toBe(200);
    now += 10_000;
    expect(await listed()).toBe(401);
    expect(await json(refresh(refreshToken))).toMatchObject({ expires_in: '10' });
  });

  test('ends sessions that are revoked, and those of disabled or deleted accounts', async () => {
    const { idToken, refreshToken } = sandbox.openSession('ada');
    sandbox.setStanding('ada', 'disabled');
    expect(await message(await refresh(refreshToken))).toBe('USER_DISABLED');
    sandbox.setStanding('ada', 'deleted');
    expect(await message(await refresh(refreshToken))).toBe('USER_NOT_FOUND');
    sandbox.setStanding('ada', 'active');
    sandbox.revokeSessions('ada');
    expect(sandbox.refreshTokens('ada')).toEqual([]);
    expect(await message(await refresh(refreshToken))).toBe('TOKEN_EXPIRED');
    expect((await ask(sandbox, '/v1/dev/keys', { bearer: idToken })).status).toBe(200);
  });

  test('can be faulted by path and account, and is recorded with its body', async () => {
    const { refreshToken } = sandbox.openSession('grace');
    const body = googleErrorBody(400, 'USER_DISABLED');
    const handle = sandbox.fault({ path: /securetoken/, account: 'grace', effect: { status: 400, body } });
    expect(await message(await refresh('unknown'))).toBe('INVALID_REFRESH_TOKEN');
    expect(await message(await refresh(refreshToken))).toBe('USER_DISABLED');
    expect(handle.hits).toBe(1);
    expect(sandbox.requests.at(-1)?.body).toContain(refreshToken);
    sandbox.fault({ path: /securetoken/, effect: { drop: 'after' } });
    await expect(refresh(refreshToken)).rejects.toThrow();
    expect(await message(await refresh(refreshToken))).toBe('INVALID_REFRESH_TOKEN');
  });
});
