import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { sandboxProject, type FaultEffect } from '../../../sandbox/server';
import { serveHttp, serveRaw } from '../support/loopback';
import { failureOf, omiClient, valueOf, type OmiClient } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';

let client: OmiClient;
let token: string;

withSandbox();
beforeEach(() => {
  token = sandbox.token('ada');
  client = omiClient({ url: sandbox.url, bearer: token });
});

const answer = (effect: FaultEffect, times = 1) =>
  sandbox.fault({ method: 'GET', path: '/v1/dev/keys', times, effect });

describe('the list as Omi gives it', () => {
  test('all developer keys, newest first, times to the millisecond whatever their form', async () => {
    const { keys, unreadable } = valueOf(await client.list());
    const real = sandbox.keys('ada');
    expect(unreadable).toEqual([]);
    expect(keys.map(({ id, name, prefix }) => ({ id, name, prefix }))).toEqual(
      real.map(({ id, name, prefix }) => ({ id, name, prefix })),
    );
    // Some rows are written in whole seconds or tenths.
    keys.forEach((key, index) => {
      expect(Math.abs(key.createdAt - (real[index]?.createdAt ?? 0))).toBeLessThan(1000);
    });
    expect(keys.map((key) => key.lastUsedAt === null)).toEqual(real.map((key) => key.lastUsedAt === null));
    expect(keys.map((key) => key.scopes)).toEqual(real.map((key) => key.scopes));
    expect(keys.some((key) => key.prefix === 'omi_dev_legacy')).toBe(true);
  });

  test('MCP keys with their apps', async () => {
    const { keys } = valueOf(await client.api.listKeys('mcp', client.context()));
    expect(keys.map(({ family, appId }) => [family, appId])).toEqual(
      sandbox.keys('ada', 'mcp').map((key) => ['mcp', key.appId]),
    );
  });

  test('an account without keys', async () => {
    const linus = omiClient({ url: sandbox.url, bearer: sandbox.token('linus') });
    expect(valueOf(await linus.list())).toEqual({ keys: [], unreadable: [] });
  });

  test('the request: path, bearer, name of this client, and no word more', async () => {
    await client.list();
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]).toMatchObject({
      method: 'GET',
      rawPath: '/v1/dev/keys',
      query: '',
      bearer: token,
      body: '',
      headers: { accept: 'application/json', 'user-agent': 'omi-api-keys/test' },
    });
    expect(sandbox.requests[0]?.headers).not.toHaveProperty('cookie');
  });

  test('a slash at the end of the base address and a path prefix', async () => {
    const slashed = omiClient({ url: `${sandbox.url}/`, bearer: sandbox.token('ada') });
    valueOf(await slashed.list());
    expect(sandbox.requests[0]?.rawPath).toBe('/v1/dev/keys');
    const prefixed = omiClient({ url: `${sandbox.url}/omi/api/`, bearer: sandbox.token('ada') });
    expect(failureOf(await prefixed.list())).toMatchObject({ kind: 'notFound' });
    expect(sandbox.requests[1]?.rawPath).toBe('/omi/api/v1/dev/keys');
  });

  test.each([
    ['expired', { lifetimeSeconds: -60 }],
    ['of another project', { project: `${sandboxProject}-other` }],
  ])('a token that is %s: unauthenticated, asked once', async (_, options) => {
    const stranger = omiClient({ url: sandbox.url, bearer: sandbox.token('ada', options) });
    expect(failureOf(await stranger.list())).toMatchObject({ kind: 'unauthenticated' });
    expect(sandbox.requestLines).toHaveLength(1);
  });
});

describe('a list that is none', () => {
  test.each([
    ['{}', {}],
    ['null', 'null'],
    ['text', 'no keys today'],
    ['a JSON string', '"keys"'],
    ['a number', '7'],
    ['keys below a member', { keys: [] }],
  ])('%s with 200: protocol, not an empty list, asked once', async (_, body) => {
    answer({ status: 200, body });
    expect(failureOf(await client.list())).toMatchObject({ kind: 'protocol' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('an HTML page with 200', async () => {
    answer({ html: true, status: 200 });
    expect(failureOf(await client.list())).toMatchObject({ kind: 'protocol' });
  });

  test('an empty body', async () => {
    answer({ status: 200, body: '' });
    expect(failureOf(await client.list())).toMatchObject({ kind: 'protocol' });
  });

  test('204 without a body', async () => {
    answer({ status: 204 });
    expect(failureOf(await client.list())).toMatchObject({ kind: 'protocol' });
  });

  test('an array of junk with one good key: the good one, and the junk counted', async () => {
    const good = { id: 'good', name: 'g', key_prefix: 'omi_dev_legacy', created_at: '2026-01-01T00:00:00' };
    answer({ status: 200, body: [7, { ...good, name: null }, good] });
    const { keys, unreadable } = valueOf(await client.list());
    expect(keys.map(({ id }) => id)).toEqual(['good']);
    expect(unreadable).toEqual([
      { position: 1, field: 'entry' },
      { position: 2, field: 'name' },
    ]);
  });

  test('an array of junk alone: protocol that names the field', async () => {
    answer({ status: 200, body: [{ id: 'x', name: 'y', key_prefix: 'z', created_at: 'soon' }] });
    expect(failureOf(await client.list())).toEqual({
      kind: 'protocol',
      problem: expect.stringContaining('created_at') as string,
    });
  });
});

describe('bodies that are too long or too short', () => {
  test('10 MB: protocol, quickly, and the rest is not read', async () => {
    const started = Date.now();
    answer({ hugeBytes: 10 * 1024 * 1024 });
    expect(failureOf(await client.list())).toEqual({
      kind: 'protocol',
      problem: expect.stringContaining('1 MB') as string,
    });
    expect(Date.now() - started).toBeLessThan(3000);
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('10 MB that came packed in 10 KB', async () => {
    const packed = gzipSync(Buffer.alloc(10 * 1024 * 1024, ' '));
    const server = await serveHttp((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
    });
    const failure = failureOf(await omiClient({ url: server.url }).list());
    await server.close();
    expect(failure).toEqual({ kind: 'protocol', problem: expect.stringContaining('1 MB') as string });
  });

  test('half a body, then the whole: repeated and read', async () => {
    answer({ halfBody: true });
    expect(valueOf(await client.list()).keys).toHaveLength(sandbox.keys('ada').length);
    expect(sandbox.requestLines).toHaveLength(2);
  });

  test('half a body for ever: an interruption, never a shorter list', async () => {
    answer({ halfBody: true }, Infinity);
    expect(failureOf(await client.list())).toEqual({
      kind: 'network',
      cause: 'interrupted',
      host: `127.0.0.1:${String(sandbox.port)}`,
    });
    expect(sandbox.requestLines).toHaveLength(4);
  });

  test('half a body of no announced length', async () => {
    const server = await serveRaw((socket) =>
      socket.end(
        'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[{"id": "x", "na',
      ),
    );
    const failure = failureOf(await omiClient({ url: server.url }).list());
    await server.close();
    expect(failure).toMatchObject({ kind: 'protocol' });
  });

  test('half a body in pieces', async () => {
    const server = await serveRaw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[{"i\r\n'),
    );
    const failure = failureOf(await omiClient({ url: server.url, retry: { repeats: 0 } }).list());
    await server.close();
    expect(failure).toMatchObject({ kind: 'network', cause: 'interrupted' });
  });

  test('garbage on the socket', async () => {
    const server = await serveRaw((socket) => socket.end('\u0000\u0001garbage\r\n\r\n'));
    const failure = failureOf(await omiClient({ url: server.url, retry: { repeats: 0 } }).list());
    await server.close();
    expect(failure).toMatchObject({ kind: 'network', cause: 'interrupted' });
  });
});
