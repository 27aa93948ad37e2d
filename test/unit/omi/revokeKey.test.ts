import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import { failureOf, omiClient, valueOf, type OmiClient } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';

let client: OmiClient;
let token: string;
let id: string;

withSandbox();
beforeEach(() => {
  token = sandbox.token('ada');
  client = omiClient({ url: sandbox.url, bearer: token });
  id = sandbox.key('ada', 'prod-bot').id;
});

const answer = (effect: FaultEffect, times = 1) => sandbox.fault({ method: 'DELETE', times, effect });
const lives = () => sandbox.keys('ada').some((key) => key.id === id);
const gaps = () =>
  sandbox.requests.slice(1).map((request, index) => request.at - (sandbox.requests[index]?.at ?? 0));

/** Timers of Node may fire this much before the wall clock says so; milliseconds. */
const clockSlack = 5;

describe('the request', () => {
  test('one DELETE of exactly this key, with the bearer and nothing else', async () => {
    valueOf(await client.revoke(id));
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]).toMatchObject({
      method: 'DELETE',
      rawPath: `/v1/dev/keys/${id}`,
      query: '',
      bearer: token,
      account: 'ada',
      body: '',
      status: 204,
    });
    expect(lives()).toBe(false);
  });

  test('an MCP key goes by its own path', async () => {
    const { id: mcpId } = sandbox.key('ada', 'cursor', 'mcp');
    valueOf(await client.api.revokeKey('mcp', mcpId, client.context()));
    expect(sandbox.requests[0]?.rawPath).toBe(`/v1/mcp/keys/${mcpId}`);
    expect(sandbox.keys('ada', 'mcp').some((key) => key.id === mcpId)).toBe(false);
  });

  test.each([
    'a/b',
    '/',
    'what?x=1',
    '#top',
    '100%',
    '%2F..%2F',
    '../keys',
    '../../dev/keys',
    'a..b',
    '...',
    '..%2f',
    '🔑 émoji',
    ' ',
    'a b+c&d;e',
    'quote\'"',
    'back\\slash',
    'line\r\nX-Injected: 1',
    '\u0000',
    'x'.repeat(2000),
  ])('the id %j is one segment, and only this key dies', async (odd) => {
    sandbox.addKey('ada', { id: odd, name: 'odd' });
    const others = sandbox.keys('ada').filter((key) => key.id !== odd);
    valueOf(await client.revoke(odd));
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]?.rawPath).toBe(`/v1/dev/keys/${encodeURIComponent(odd)}`);
    expect(sandbox.requests[0]?.headers).not.toHaveProperty('x-injected');
    expect(sandbox.keys('ada')).toEqual(others);
  });

  test.each(['', '.', '..', '\ud83d'])('the id %j is refused and nothing is sent', async (odd) => {
    expect(failureOf(await client.revoke(odd))).toMatchObject({ kind: 'invalid' });
    expect(sandbox.requestLines).toHaveLength(0);
  });
});

describe('what Omi answers', () => {
  test('204, also for a key it does not know', async () => {
    valueOf(await client.revoke('5b0c9f0e-2b1a-4c3d-8e7f-001122334455'));
  });

  test('204 with a body, after which the client goes on', async () => {
    answer({ status: 204, body: { deleted: true }, act: true });
    valueOf(await client.revoke(id));
    expect(lives()).toBe(false);
    valueOf(await client.list());
  });

  test.each([
    ['with a body', { deleted: true }],
    ['with text', 'OK'],
    ['empty', ''],
  ])('200 %s', async (_, body) => {
    answer({ status: 200, body });
    valueOf(await client.revoke(id));
  });

  test('404, asked once', async () => {
    answer({ status: 404, body: { detail: 'Key not found' } });
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'notFound', detail: 'Key not found' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('401, asked once', async () => {
    answer({ status: 401 }, Infinity);
    expect(failureOf(await client.revoke(id))).toMatchObject({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('422 as a string', async () => {
    answer({ status: 422, body: { detail: 'key_id is not a UUID' } });
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'invalid', detail: 'key_id is not a UUID' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('422 as an array: every place and message, readably', async () => {
    const detail = [
      { loc: ['path', 'key_id'], msg: 'Input should be a valid UUID', type: 'uuid_parsing' },
      { loc: ['body', 'name'], msg: 'Field required', type: 'missing' },
    ];
    answer({ status: 422, body: { detail } });
    expect(failureOf(await client.revoke(id))).toEqual({
      kind: 'invalid',
      detail: 'path.key_id: Input should be a valid UUID; name: Field required',
    });
  });

  test('403 as a string', async () => {
    answer({ status: 403, body: { detail: 'Not authenticated' } });
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'forbidden', detail: 'Not authenticated' });
  });

  test('403 as an object', async () => {
    answer({ status: 403, body: { detail: { code: 'account_deletion_in_progress', retryable: false } } });
    expect(failureOf(await client.revoke(id))).toEqual({
      kind: 'forbidden',
      detail: 'account_deletion_in_progress',
    });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('a gateway page for ever: a server failure without words', async () => {
    answer({ html: true, status: 502 }, Infinity);
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'server', status: 502, detail: '' });
    expect(sandbox.requestLines).toHaveLength(4);
  });
});

describe('a server that asks to wait', () => {
  test('429 with seconds is waited for', async () => {
    answer({ status: 429, headers: { 'retry-after': '1' } });
    valueOf(await client.revoke(id));
    expect(gaps()).toHaveLength(1);
    expect(gaps()[0]).toBeGreaterThanOrEqual(1000 - clockSlack);
    expect(gaps()[0]).toBeLessThan(3000);
    expect(lives()).toBe(false);
  });

  test('429 with a date is waited for', async () => {
    // Dates of HTTP have whole seconds, so this one is between one and two seconds ahead.
    const date = Math.ceil(Date.now() / 1000) * 1000 + 1000;
    answer({ status: 429, headers: { 'retry-after': new Date(date).toUTCString() } });
    valueOf(await client.revoke(id));
    expect(sandbox.requestLines).toHaveLength(2);
    expect(sandbox.requests[1]?.at).toBeGreaterThanOrEqual(date - clockSlack);
    expect(lives()).toBe(false);
  });

  test('503 with seconds is waited for, too', async () => {
    answer({ status: 503, headers: { 'retry-after': '1' } });
    valueOf(await client.revoke(id));
    expect(gaps()[0]).toBeGreaterThanOrEqual(1000 - clockSlack);
  });

  test('a date that has passed, and words that say nothing, are no reason to wait', async () => {
    answer({ status: 429, headers: { 'retry-after': new Date(0).toUTCString() } });
    answer({ status: 429, headers: { 'retry-after': 'soon' } });
    valueOf(await client.revoke(id));
    expect(sandbox.requestLines).toHaveLength(3);
    expect(Math.max(...gaps())).toBeLessThan(1000);
  });

  test('longer than the limit is not waited for but reported', async () => {
    answer({ status: 429, headers: { 'retry-after': '3600' } }, Infinity);
    const started = Date.now();
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'rateLimited', retryAfter: 3_600_000 });
    expect(Date.now() - started).toBeLessThan(2000);
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('a date beyond the limit likewise', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    answer({ status: 429, headers: { 'retry-after': inAnHour } }, Infinity);
    const failure = failureOf(await client.revoke(id));
    expect(failure.kind === 'rateLimited' && failure.retryAfter).toBeGreaterThan(3_590_000);
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('429 for ever is reported in the end', async () => {
    answer({ status: 429 }, Infinity);
    expect(failureOf(await client.revoke(id))).toEqual({ kind: 'rateLimited' });
    expect(sandbox.requestLines).toHaveLength(4);
  });
});

describe('a server in trouble', () => {
  test('503 twice, then 204: success with 3 requests', async () => {
    answer({ status: 503 }, 2);
    valueOf(await client.revoke(id));
    expect(sandbox.requests.map(({ status }) => status)).toEqual([503, 503, 204]);
    expect(lives()).toBe(false);
  });

  test('503 for ever: a server failure in its own words; the key lives', async () => {
    answer({ status: 503 }, Infinity);
    expect(failureOf(await client.revoke(id))).toEqual({
      kind: 'server',
      status: 503,
      detail: 'API key revocation temporarily unavailable',
    });
    expect(sandbox.requestLines).toHaveLength(4);
    expect(lives()).toBe(true);
  });

  test.each([500, 502, 504])('%i is passing as well', async (status) => {
    answer({ status, body: '' });
    valueOf(await client.revoke(id));
    expect(sandbox.requestLines).toHaveLength(2);
  });

  test.each(['before', 'after'] as const)('dropped %s it acted: repeated, and done once', async (drop) => {
    answer({ drop });
    valueOf(await client.revoke(id));
    expect(sandbox.requests.map(({ status }) => status)).toEqual(['dropped', 204]);
    expect(lives()).toBe(false);
  });

  test('dropped for ever: an interruption', async () => {
    answer({ drop: 'before' }, Infinity);
    expect(failureOf(await client.revoke(id))).toMatchObject({ kind: 'network', cause: 'interrupted' });
    expect(sandbox.requestLines).toHaveLength(4);
  });
});
