import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttp } from '../../../src/omi/http';
import { closedPort, serveHttp, serveRaw, serveSelfSigned, type Loopback } from '../support/loopback';
import { failureOf, omiClient, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';

let id: string;
const servers: Loopback[] = [];

withSandbox();
beforeEach(() => {
  id = sandbox.key('ada', 'prod-bot').id;
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const ada = (options: Partial<Parameters<typeof omiClient>[0]> = {}) =>
  omiClient({ url: sandbox.url, bearer: sandbox.token('ada'), ...options });
const keep = (server: Loopback): Loopback => {
  servers.push(server);
  return server;
};

describe('a server that stays silent', () => {
  test('past the time limit: a timeout, after at most 2 requests', async () => {
    sandbox.fault({ times: Infinity, effect: { hang: true } });
    const started = Date.now();
    expect(failureOf(await ada({ timeoutMs: 300 }).revoke(id))).toEqual({
      kind: 'network',
      cause: 'timeout',
      host: `127.0.0.1:${String(sandbox.port)}`,
    });
    expect(Date.now() - started).toBeLessThan(3000);
    expect(sandbox.requestLines).toHaveLength(2);
  });

  test('once: the second try succeeds', async () => {
    sandbox.fault({ effect: { hang: true } });
    valueOf(await ada({ timeoutMs: 1000 }).revoke(id));
    expect(sandbox.requestLines).toHaveLength(2);
  });

  test('in the middle of a body: the time limit holds to the last byte', async () => {
    const server = keep(
      await serveHttp((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('[{')),
    );
    expect(failureOf(await omiClient({ url: server.url, timeoutMs: 300 }).list())).toMatchObject({
      kind: 'network',
      cause: 'timeout',
    });
    expect(server.requests).toHaveLength(2);
  });

  test('before the first byte of an answer, on a bare socket', async () => {
    const server = keep(await serveRaw(() => undefined));
    expect(failureOf(await omiClient({ url: server.url, timeoutMs: 200 }).list())).toMatchObject({
      kind: 'network',
      cause: 'timeout',
    });
    expect(server.connections).toBe(2);
  });

  test.each([250.5, 1000 / 3])('a time limit of %d ms is a time limit', async (timeoutMs) => {
    const result = await ada({ timeoutMs }).list();
    expect(valueOf(result).keys.length).toBeGreaterThan(0);
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])(
    '%i to another origin is refused, which hears nothing',
    async (status) => {
      const elsewhere = keep(await serveHttp((_, response) => response.end('[]')));
      sandbox.fault({ times: Infinity, effect: { redirectTo: `${elsewhere.url}/v1/dev/keys`, status } });
      expect(failureOf(await ada().list())).toMatchObject({ kind: 'protocol' });
      expect(failureOf(await ada().revoke(id))).toMatchObject({ kind: 'protocol' });
      expect(elsewhere.connections).toBe(0);
      expect(sandbox.requestLines).toHaveLength(2);
    },
  );

  test('within the origin is refused, too', async () => {
    sandbox.fault({ effect: { redirectTo: `${sandbox.url}/v1/mcp/keys` } });
    expect(failureOf(await ada().list())).toMatchObject({ kind: 'protocol' });
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('with a body without end is refused at once and does no harm later', async () => {
    let closed = false;
    const server = keep(
      await serveHttp((request, response) => {
        request.socket.once('close', () => (closed = true));
        response.writeHead(307, { location: 'https://example.com/' }).write('x');
      }),
    );
    expect(failureOf(await omiClient({ url: server.url, timeoutMs: 300 }).list())).toMatchObject({
      kind: 'protocol',
    });
    await expect.poll(() => closed).toBe(true);
  });
});

describe('the bearer', () => {
  test('is not sent to an origin other than its own', async () => {
    const http = createHttp({ userAgent: 'test', timeoutMs: () => 5000 });
    const result = await http(
      {
        method: 'GET',
        url: new URL(`${sandbox.url}/v1/dev/keys`),
        bearer: { token: sandbox.token('ada'), origin: 'https://api.omi.me' },
      },
      new AbortController().signal,
    );
    expect(failureOf(result)).toMatchObject({ kind: 'protocol' });
    expect(sandbox.requestLines).toHaveLength(0);
  });
});

describe('cancel', () => {
  test('before the start: nothing is sent', async () => {
    expect(failureOf(await ada().revoke(id, AbortSignal.abort()))).toEqual({ kind: 'cancelled' });
    expect(failureOf(await ada().list(AbortSignal.abort()))).toEqual({ kind: 'cancelled' });
    expect(sandbox.requestLines).toHaveLength(0);
  });

  test('during a request: the connection ends, and nothing is repeated', async () => {
    sandbox.fault({ times: Infinity, effect: { hang: true } });
    const cancel = new AbortController();
    const work = ada().revoke(id, cancel.signal);
    await sandbox.waitForRequest({ method: 'DELETE' });
    cancel.abort();
    expect(failureOf(await work)).toEqual({ kind: 'cancelled' });
    await expect.poll(() => sandbox.requests[0]?.status).toBe('dropped');
    expect(sandbox.requestLines).toHaveLength(1);
  });

  test('while a body is read', async () => {
    const server = keep(await serveHttp((_, response) => void response.writeHead(200).write('[{')));
    const cancel = new AbortController();
    const work = omiClient({ url: server.url }).list(cancel.signal);
    await expect.poll(() => server.requests).toHaveLength(1);
    cancel.abort();
    expect(failureOf(await work)).toEqual({ kind: 'cancelled' });
  });

  test('during a pause: returns at once, and the repeat never comes', async () => {
    sandbox.fault({
      method: 'DELETE',
      times: Infinity,
      effect: { status: 429, headers: { 'retry-after': '1' } },
    });
    const cancel = new AbortController();
    const work = ada().revoke(id, cancel.signal);
    await expect.poll(() => sandbox.requests[0]?.status).toBe(429);
    // The answer has reached the client by the time that a whole list has come after it.
    valueOf(await ada().api.listKeys('mcp', ada().context()));
    const aborted = Date.now();
    cancel.abort();
    expect(failureOf(await work)).toEqual({ kind: 'cancelled' });
    expect(Date.now() - aborted).toBeLessThan(500);
    // By the end of this pause, which began later, the other would be over as well.
    sandbox.fault({ method: 'GET', effect: { status: 429, headers: { 'retry-after': '1' } } });
    valueOf(await ada().list());
    expect(sandbox.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
  });

  test('one signal for many calls gathers no listeners', async () => {
    const { signal } = new AbortController();
    const client = ada();
    for (let round = 0; round < 5; round += 1) valueOf(await client.list(signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('no connection', () => {
  const once = { repeats: 0 };

  test('refused: offline, after repeats', async () => {
    const port = await closedPort();
    expect(failureOf(await omiClient({ url: `http://127.0.0.1:${String(port)}` }).list())).toEqual({
      kind: 'network',
      cause: 'offline',
      host: `127.0.0.1:${String(port)}`,
    });
  });

  test('refused on a name that has several addresses', async () => {
    const port = await closedPort();
    const client = omiClient({ url: `http://localhost:${String(port)}`, retry: once });
    expect(failureOf(await client.list())).toMatchObject({ kind: 'network', cause: 'offline' });
  });

  test('unknown host: dns', async () => {
    const client = omiClient({ url: 'https://no-such-host.invalid', retry: once });
    expect(failureOf(await client.list())).toEqual({
      kind: 'network',
      cause: 'dns',
      host: 'no-such-host.invalid',
    });
  });

  test('a certificate that nobody trusts: tls, tried once, and no bearer is sent', async () => {
    const server = keep(await serveSelfSigned((_, response) => response.end('[]')));
    expect(failureOf(await omiClient({ url: server.url }).list())).toEqual({
      kind: 'network',
      cause: 'tls',
      host: `127.0.0.1:${String(server.port)}`,
    });
    expect(server.connections).toBe(1);
    expect(server.requests).toEqual([]);
  });

  test('https spoken to a server of plain http: tls', async () => {
    const server = keep(await serveHttp((_, response) => response.end('[]')));
    const url = server.url.replace('http:', 'https:');
    expect(failureOf(await omiClient({ url, retry: once }).list())).toMatchObject({
      kind: 'network',
      cause: 'tls',
    });
    expect(server.requests).toEqual([]);
  });

  test('a proxy that wants a password: proxy, asked once', async () => {
    sandbox.fault({ times: Infinity, effect: { status: 407 } });
    expect(failureOf(await ada().list())).toMatchObject({ kind: 'network', cause: 'proxy' });
    expect(sandbox.requestLines).toHaveLength(1);
  });
});
