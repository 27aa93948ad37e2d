import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../../sandbox/server';
import type { NewKey } from '../../../src/omi/keysApi';
import { decodeCreatedKey } from '../../../src/omi/schemas';
import { failureOf, omiClient, valueOf, type OmiClient } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { rawDevKey, rawDigits, rawMcpKey } from '../support/secrets';

let client: OmiClient;

withSandbox();
beforeEach(() => {
  client = omiClient({ url: sandbox.url, bearer: sandbox.token('ada') });
});

const create = (key: Partial<NewKey> = {}, signal?: AbortSignal) =>
  client.api.createKey({ family: 'dev', name: 'robot', scopes: undefined, ...key }, client.context(signal));
const answer = (effect: FaultEffect) => sandbox.fault({ method: 'POST', times: Infinity, effect });
const bodies = (): unknown[] => sandbox.requests.map(({ body }) => JSON.parse(body) as unknown);

const readOnly = ['conversations:read', 'memories:read', 'action_items:read', 'goals:read'];
const full = readOnly.flatMap((scope) => [scope, scope.replace('read', 'write')]);
const madeBody = (changes: object = {}): object => ({
  id: 'id-1',
  name: 'robot',
  key_prefix: 'omi_dev_0123...cdef',
  created_at: '2026-11-23T10:00:00Z',
  last_used_at: null,
  scopes: null,
  key: rawDevKey,
  ...changes,
});

describe('the request', () => {
  test.each([
    ['left to Omi', undefined, { name: 'robot' }],
    ['read only', readOnly, { name: 'robot', scopes: readOnly }],
    ['full', full, { name: 'robot', scopes: full }],
    ['some', ['goals:write'], { name: 'robot', scopes: ['goals:write'] }],
    ['none', [], { name: 'robot', scopes: [] }],
  ])('a developer key, scopes %s', async (_, scopes, body) => {
    const { key, secret } = valueOf(await create({ scopes }));
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]).toMatchObject({ method: 'POST', rawPath: '/v1/dev/keys', query: '' });
    expect(sandbox.requests[0]?.headers['content-type']).toBe('application/json');
    expect(bodies()).toEqual([body]);
    const made = sandbox.key('ada', 'robot');
    expect(made.scopes).toEqual(scopes ?? readOnly);
    expect(made.raw).toBe(secret);
    expect(key).toMatchObject({
      family: 'dev',
      id: made.id,
      name: 'robot',
      scopes: made.scopes,
      lastUsedAt: null,
    });
  });

  test.each([[undefined], [['memories.read']]])('an MCP key sends its name alone', async (scopes) => {
    const { key, secret } = valueOf(await create({ family: 'mcp', scopes }));
    expect(sandbox.requests.map(({ rawPath }) => rawPath)).toEqual(['/v1/mcp/keys']);
    expect(bodies()).toEqual([{ name: 'robot' }]);
    expect(sandbox.key('ada', 'robot', 'mcp').raw).toBe(secret);
    expect(key.family).toBe('mcp');
  });

  test.each(['🚀 deploy 👩‍💻', 'מפתח', '"quoted" \\ \n line', '</script>'])(
    'the name %j arrives whole',
    async (name) => {
      expect(valueOf(await create({ name })).key.name).toBe(name);
    },
  );
});

describe('the answer', () => {
  test('201 is as good as 200', async () => {
    answer({ status: 201, body: madeBody() });
    expect(valueOf(await create())).toMatchObject({ key: { id: 'id-1' }, secret: rawDevKey });
  });

  test.each([
    ['missing', { key: undefined }],
    ['null', { key: null }],
    ['a number', { key: 42 }],
    ['empty', { key: '' }],
    ['of the other family', { key: rawMcpKey }],
    ['too short', { key: rawDevKey.slice(0, -1) }],
    ['too long', { key: `${rawDevKey}0` }],
    ['in capitals', { key: rawDevKey.toUpperCase() }],
    ['with a line end', { key: `${rawDevKey}\n` }],
    ['with spaces', { key: ` ${rawDevKey} ` }],
    ['its prefix', { key: 'omi_dev_0123...cdef' }],
  ])('a secret that is %s breaks the contract', async (_, changes) => {
    answer({ status: 200, body: madeBody(changes) });
    const failure = failureOf(await create());
    expect(failure).toEqual({ kind: 'protocol', problem: 'the secret of the new key' });
  });

  test.each([
    ['id', { id: '' }],
    ['name', { name: null }],
    ['key_prefix', { key_prefix: 1 }],
    ['created_at', { created_at: 'yesterday' }],
  ])('a bad %s is named, the secret is not', async (field, changes) => {
    answer({ status: 200, body: madeBody(changes) });
    const failure = failureOf(await create());
    expect(failure).toEqual({ kind: 'protocol', problem: `${field} of the new key` });
    expect(JSON.stringify(failure)).not.toContain(rawDigits);
  });

  test.each([null, [], 'text', 5, undefined])('a body that is %j breaks the contract', (body) => {
    expect(failureOf(decodeCreatedKey('dev', body)).kind).toBe('protocol');
  });

  test('fields that nobody knows are ignored', async () => {
    answer({ status: 200, body: madeBody({ colour: 'red', rate_limit: {} }) });
    expect(valueOf(await create()).key.id).toBe('id-1');
  });
});

describe('sent exactly once', () => {
  test.each<[string, FaultEffect, object]>([
    ['a drop before', { drop: 'before' }, { kind: 'network', cause: 'interrupted' }],
    ['a drop after', { drop: 'after' }, { kind: 'network', cause: 'interrupted' }],
    ['half a body', { halfBody: true }, { kind: 'network', cause: 'interrupted' }],
    ['500', { status: 500 }, { kind: 'server', status: 500 }],
    ['502 of a gateway', { html: true }, { kind: 'server', status: 502 }],
    [
      '503 with Retry-After',
      { status: 503, headers: { 'retry-after': '0' } },
      { kind: 'server', status: 503 },
    ],
    ['504', { status: 504, body: '' }, { kind: 'server', status: 504 }],
    ['429', { status: 429, headers: { 'retry-after': '0' } }, { kind: 'rateLimited', retryAfter: 0 }],
    ['401', { status: 401 }, { kind: 'unauthenticated' }],
    ['403', { status: 403 }, { kind: 'forbidden' }],
    ['404', { status: 404 }, { kind: 'notFound' }],
    ['a redirect', { redirectTo: '/v1/dev/keys' }, { kind: 'protocol' }],
    ['a page instead of JSON', { html: true, status: 200 }, { kind: 'protocol' }],
    ['an endless body', { hugeBytes: 2_000_000 }, { kind: 'protocol' }],
  ])('%s', async (_, effect, failure) => {
    answer(effect);
    expect(failureOf(await create())).toMatchObject(failure);
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('silence', async () => {
    client = omiClient({ url: sandbox.url, bearer: sandbox.token('ada'), timeoutMs: 200 });
    answer({ hang: true });
    expect(failureOf(await create())).toMatchObject({ kind: 'network', cause: 'timeout' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('a cancel', async () => {
    answer({ hang: true });
    const stop = new AbortController();
    const creating = create({}, stop.signal);
    await sandbox.waitForRequest({ method: 'POST' });
    stop.abort();
    expect(failureOf(await creating)).toEqual({ kind: 'cancelled' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('a cancel beforehand sends nothing', async () => {
    expect(failureOf(await create({}, AbortSignal.abort()))).toEqual({ kind: 'cancelled' });
    expect(sandbox.requestLines).toHaveLength(0);
  });
});

describe('what Omi refuses, in its words', () => {
  test('422 as a string', async () => {
    expect(failureOf(await create({ name: '  ' }))).toEqual({
      kind: 'invalid',
      detail: 'API key name cannot be empty',
    });
  });

  test('422 as an array', async () => {
    const detail = [{ loc: ['body', 'name'], msg: 'String should have at most 100 characters', type: 'x' }];
    answer({ status: 422, body: { detail } });
    expect(failureOf(await create())).toEqual({
      kind: 'invalid',
      detail: 'name: String should have at most 100 characters',
    });
  });

  test('400 for a scope that it does not know', async () => {
    expect(failureOf(await create({ scopes: ['keys:write'] }))).toEqual({
      kind: 'invalid',
      detail: 'Invalid scopes: keys:write',
    });
  });

  test('an answer that repeats a raw key is masked', async () => {
    answer({ status: 422, body: { detail: [{ loc: ['body', 'name'], msg: `not ${rawDevKey}` }] } });
    expect(JSON.stringify(failureOf(await create()))).not.toContain(rawDigits);
  });
});
