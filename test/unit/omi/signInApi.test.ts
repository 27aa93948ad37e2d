import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { authorizeUrl, exchangeCode, type CodeExchange } from '../../../src/omi/signInApi';
import { failureOf, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { baseOf, codeFrom, exchangePath, httpOf } from '../support/signIn';

let now = 0;
const idle = new AbortController().signal;
const redirectUri = 'http://127.0.0.1:50123/callback';
const verifier = 'verifier-of-a-test_'.padEnd(43, '~');
const challenge = createHash('sha256').update(verifier).digest('base64url');

beforeEach(() => {
  now = Date.now();
});
withSandbox({ now: () => now });

const code = () => codeFrom(sandbox, { redirectUri, verifier, account: 'grace' });
const exchange = (changes: Partial<CodeExchange> & Pick<CodeExchange, 'code'>, timeoutMs?: number) =>
  exchangeCode(
    { http: httpOf(timeoutMs), now: Date.now },
    baseOf(sandbox),
    { redirectUri, verifier, ...changes },
    idle,
  );

describe('the address to open', () => {
  const request = { provider: 'google', redirectUri, state: 'a b&c=d', challenge } as const;

  test('names everything Omi wants, and no secret but the state', () => {
    const url = new URL(authorizeUrl(valueOf(parseBaseUrl('https://api.omi.me')), request));
    expect(url.origin + url.pathname).toBe('https://api.omi.me/v1/auth/authorize');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      provider: 'google',
      redirect_uri: redirectUri,
      state: 'a b&c=d',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    expect(url.href).not.toContain(verifier);
    expect(url.hash).toBe('');
  });

  test.each(['google', 'apple'] as const)('is taken by Omi for %s', async (provider) => {
    const page = await fetch(authorizeUrl(baseOf(sandbox), { ...request, provider }));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('name="attempt"');
  });

  test('keeps a path before it', () => {
    const base = valueOf(parseBaseUrl('https://example.com/omi/'));
    expect(authorizeUrl(base, request)).toMatch(/^https:\/\/example\.com\/omi\/v1\/auth\/authorize\?/);
  });
});

describe('the exchange of a code', () => {
  test('gives a custom token, asked for in a form', async () => {
    const given = await code();
    sandbox.clearRequests();
    const token = valueOf(await exchange({ code: given }));
    expect(token.split('.')).toHaveLength(3);
    const [request, ...more] = sandbox.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'POST', rawPath: exchangePath, query: '', bearer: null });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'authorization_code',
      code: given,
      redirect_uri: redirectUri,
      use_custom_token: 'true',
      code_verifier: verifier,
    });
  });

  test.each([
    ['another', { code: 'of-nobody' }],
    ['none', { code: '' }],
  ])('refuses %s code', async (_, changes) => {
    await code();
    expect(failureOf(await exchange(changes))).toEqual({
      kind: 'codeRefused',
      detail: 'Invalid or expired code',
    });
  });

  test('refuses a code that is used, expired or burnt', async () => {
    const used = await code();
    valueOf(await exchange({ code: used }));
    expect(failureOf(await exchange({ code: used })).kind).toBe('codeRefused');
    const old = await code();
    now += 301_000;
    expect(failureOf(await exchange({ code: old })).kind).toBe('codeRefused');
    const burnt = await code();
    expect(failureOf(await exchange({ code: burnt, verifier: 'w'.repeat(43) }))).toEqual({
      kind: 'codeRefused',
      detail: 'Invalid code_verifier',
    });
    expect(failureOf(await exchange({ code: burnt })).kind).toBe('codeRefused');
  });

  test.each([
    'http://127.0.0.1:50123/callback/',
    'http://127.0.0.1:50123/Callback',
    'http://localhost:50123/callback',
    'http://127.0.0.1:50124/callback',
    'http://127.0.0.1:50123/callback?',
  ])('refuses a redirect that is not the same byte for byte: %s', async (other) => {
    expect(failureOf(await exchange({ code: await code(), redirectUri: other }))).toEqual({
      kind: 'redirectRefused',
      detail: 'redirect_uri does not match',
    });
  });

  test.each([
    ['without a custom token', { status: 502 }, { kind: 'noCustomToken' }],
    ['of a gateway', { html: true }, { kind: 'noCustomToken' }],
    ['200 without custom_token', { status: 200, body: { id_token: 'x' } }, { kind: 'noCustomToken' }],
    ['200 with null for it', { status: 200, body: { custom_token: null } }, { kind: 'noCustomToken' }],
    ['200 with an empty one', { status: 200, body: { custom_token: '' } }, { kind: 'noCustomToken' }],
    ['200 with a number for it', { status: 200, body: { custom_token: 5 } }, { kind: 'protocol' }],
    ['200 and a page', { html: true, status: 200 }, { kind: 'protocol' }],
    ['200 and nothing', { status: 200, body: '' }, { kind: 'protocol' }],
    [
      '422',
      { status: 422, body: { detail: [{ loc: ['body', 'code'], msg: 'Field required', type: 'missing' }] } },
      { kind: 'codeRefused', detail: 'code: Field required' },
    ],
    ['401', { status: 401, body: { detail: 'no client' } }, { kind: 'codeRefused', detail: 'no client' }],
    ['401 without words', { status: 401, body: '' }, { kind: 'codeRefused', detail: '' }],
    ['400 without words', { status: 400, body: '' }, { kind: 'codeRefused', detail: '' }],
    ['429', { status: 429, headers: { 'retry-after': '3' } }, { kind: 'rateLimited', retryAfter: 3000 }],
    ['500', { status: 500 }, { kind: 'server', status: 500 }],
    ['503', { status: 503 }, { kind: 'server', status: 503 }],
    ['a redirect', { redirectTo: 'http://127.0.0.1:9/' }, { kind: 'protocol' }],
    ['half of it', { halfBody: true }, { kind: 'network', cause: 'interrupted' }],
    ['a cut line after the act', { drop: 'after' }, { kind: 'network', cause: 'interrupted' }],
  ] as [string, FaultEffect, object][])('answered %s', async (_, effect, failure) => {
    const given = await code();
    sandbox.clearRequests();
    sandbox.fault({ path: exchangePath, times: Infinity, effect });
    expect(failureOf(await exchange({ code: given }))).toMatchObject(failure);
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('answered by silence: a timeout, and no second try', async () => {
    const given = await code();
    sandbox.clearRequests();
    sandbox.fault({ path: exchangePath, times: Infinity, effect: { hang: true } });
    expect(failureOf(await exchange({ code: given }, 300))).toMatchObject({
      kind: 'network',
      cause: 'timeout',
    });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('what a server quotes of the secrets is not told on', async () => {
    const given = await code();
    const detail = `no: code=${given} code_verifier=${verifier}`;
    sandbox.fault({ path: exchangePath, effect: { status: 400, body: { detail } } });
    const told = JSON.stringify(failureOf(await exchange({ code: given })));
    expect(told).not.toContain(given);
    expect(told).not.toContain(verifier);
  });
});
