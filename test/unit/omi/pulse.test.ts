import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { createHttp } from '../../../src/omi/http';
import { createPulse, type Pulse, type PulseRoute } from '../../../src/omi/pulseApi';
import type { Result } from '../../../src/omi/result';
import { createRepeat } from '../../../src/omi/retry';
import { closedPort } from '../support/loopback';
import { failureOf, shortRetry, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { rawDevKey, rawMcpKey } from '../support/secrets';

let raw: string;

withSandbox();
beforeEach(() => {
  ({ raw } = sandbox.addKey('ada', { name: 'probe', id: 'real-id' }));
});

const keyRoute = '/v1/dev/key';
const dataRoute = '/v1/dev/user/memories';

interface Question {
  readonly route?: PulseRoute;
  readonly signal?: AbortSignal;
  readonly url?: string;
  readonly timeoutMs?: number;
}

function ask(secret: string, question: Question = {}): Promise<Result<Pulse>> {
  const http = createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => question.timeoutMs ?? 5000 });
  const pulse = createPulse({ http, repeat: createRepeat(shortRetry), now: Date.now });
  const base = parseBaseUrl(question.url ?? sandbox.url);
  if (!base.ok) throw new Error('no base address');
  return pulse(secret, base.value, question.signal ?? new AbortController().signal, question.route);
}

const befalls = (path: string, effect: FaultEffect, times = Infinity) =>
  sandbox.fault({ path, times, effect });
const olderServer = () => befalls(keyRoute, { status: 404, body: { detail: 'Not Found' } });
const paths = (): string[] => sandbox.requests.map(({ rawPath }) => rawPath);

describe('the route of the key', () => {
  test('a living key is alive, with its real id', async () => {
    expect(valueOf(await ask(raw))).toEqual({ kind: 'alive', by: 'keyRoute', id: 'real-id' });
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]).toMatchObject({ method: 'GET', rawPath: keyRoute, query: '', body: '' });
  });

  test('a revoked key and one that never was are dead, asked once', async () => {
    sandbox.deleteKey('ada', 'real-id');
    expect(valueOf(await ask(raw))).toEqual({ kind: 'dead', by: 'keyRoute' });
    expect(valueOf(await ask(rawDevKey))).toEqual({ kind: 'dead', by: 'keyRoute' });
    expect(paths()).toEqual([keyRoute, keyRoute]);
  });

  test('403 is a living key that may not ask', async () => {
    befalls(keyRoute, { status: 403 });
    expect(valueOf(await ask(raw))).toEqual({ kind: 'alive', by: 'keyRoute', id: undefined });
  });

  test.each([
    ['a page', { html: true, status: 200 }],
    ['an empty body', { status: 200, body: '' }],
    ['another form', { status: 200, body: { id: 7 } }],
    ['a redirect', { redirectTo: '/elsewhere' }],
  ] satisfies [string, FaultEffect][])('%s is no sign of life', async (_, effect) => {
    befalls(keyRoute, effect);
    expect(failureOf(await ask(raw)).kind).toBe('protocol');
    expect(paths()).toEqual([keyRoute]);
  });
});

describe('keys that nobody can be asked about', () => {
  test.each([
    rawMcpKey,
    '',
    'omi_dev_legacy',
    'omi_dev_0123...cdef',
    `${rawDevKey}0`,
    rawDevKey.toUpperCase(),
  ])('%j: no request', async (secret) => {
    for (const route of [undefined, 'keyRoute', 'dataRoute'] as const) {
      expect(valueOf(await ask(secret, route ? { route } : {}))).toEqual({ kind: 'untellable' });
    }
    expect(sandbox.requestLines).toEqual([]);
  });
});

describe('an older server', () => {
  beforeEach(() => olderServer());

  test('the data route says alive', async () => {
    expect(valueOf(await ask(raw))).toEqual({ kind: 'alive', by: 'dataRoute', id: undefined });
    expect(sandbox.requests.map(({ rawPath, query }) => `${rawPath}?${query}`)).toEqual([
      `${keyRoute}?`,
      `${dataRoute}?limit=1`,
    ]);
  });

  test('403 there is alive, too: the key has no scope for it', async () => {
    const { raw: narrow } = sandbox.addKey('ada', { scopes: ['goals:write'] });
    expect(valueOf(await ask(narrow))).toEqual({ kind: 'alive', by: 'dataRoute', id: undefined });
    expect(sandbox.requests.at(-1)?.status).toBe(403);
  });

  test('401 there is dead', async () => {
    expect(valueOf(await ask(rawDevKey))).toEqual({ kind: 'dead', by: 'dataRoute' });
  });

  test('404 there, too: nobody can tell', async () => {
    befalls(dataRoute, { status: 404 });
    expect(valueOf(await ask(raw))).toEqual({ kind: 'untellable' });
    expect(paths()).toEqual([keyRoute, dataRoute]);
  });

  test('a gateway’s page with status 200 is no sign of life', async () => {
    befalls(dataRoute, { html: true, status: 200 });
    expect(failureOf(await ask(raw))).toMatchObject({ kind: 'protocol' });
  });

  test('asked for the key route alone, it cannot tell', async () => {
    expect(valueOf(await ask(raw, { route: 'keyRoute' }))).toEqual({ kind: 'untellable' });
    expect(paths()).toEqual([keyRoute]);
  });
});

test('asked for the data route alone, the key route is left out', async () => {
  expect(valueOf(await ask(raw, { route: 'dataRoute' }))).toMatchObject({ kind: 'alive', by: 'dataRoute' });
  expect(paths()).toEqual([dataRoute]);
});

describe('trouble', () => {
  test.each([500, 502, 503, 504, 429])('%d passes: asked again', async (status) => {
    befalls(keyRoute, { status }, 2);
    expect(valueOf(await ask(raw))).toMatchObject({ kind: 'alive', id: 'real-id' });
    expect(sandbox.requestLines).toHaveLength(3);
  });

  test('503 that stays is a failure, neither dead nor alive', async () => {
    befalls(keyRoute, { status: 503 });
    expect(failureOf(await ask(raw))).toMatchObject({ kind: 'server', status: 503 });
    expect(sandbox.requestLines).toHaveLength(4);
  });

  test('503 of the data route likewise', async () => {
    olderServer();
    befalls(dataRoute, { status: 503 });
    expect(failureOf(await ask(raw))).toMatchObject({ kind: 'server', status: 503 });
  });

  test('a dropped connection is tried again', async () => {
    befalls(keyRoute, { drop: 'after' }, 1);
    expect(valueOf(await ask(raw))).toMatchObject({ kind: 'alive' });
  });

  test('nobody listens', async () => {
    const url = `http://127.0.0.1:${String(await closedPort())}`;
    expect(failureOf(await ask(raw, { url }))).toMatchObject({ kind: 'network', cause: 'offline' });
  });

  test('silence', async () => {
    befalls(keyRoute, { hang: true });
    expect(failureOf(await ask(raw, { timeoutMs: 150 }))).toMatchObject({
      kind: 'network',
      cause: 'timeout',
    });
  });

  test('a cancel', async () => {
    befalls(keyRoute, { hang: true });
    const stop = new AbortController();
    const asking = ask(raw, { signal: stop.signal });
    await sandbox.waitForRequest({ path: keyRoute });
    stop.abort();
    expect(failureOf(await asking)).toEqual({ kind: 'cancelled' });
  });
});

test('the raw key travels in the Authorization header and nowhere else', async () => {
  olderServer();
  await ask(raw);
  await ask(raw, { route: 'dataRoute' });
  expect(sandbox.requestLines).toHaveLength(3);
  for (const { headers, rawPath, query, body } of sandbox.requests) {
    const { authorization, ...others } = headers;
    expect(authorization).toBe(`Bearer ${raw}`);
    expect(JSON.stringify([others, rawPath, query, body])).not.toContain(raw.slice(8));
  }
});
