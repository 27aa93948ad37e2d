import { createServer } from 'node:http';
import { beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type FaultRule } from '../../../sandbox/server';
import { sandbox, withSandbox } from '../support/sandbox';
import { ask, exchangeRaw, json } from './exchange';

let ada: string;
let id: string;

withSandbox();
beforeEach(() => {
  ada = sandbox.token('ada');
  id = sandbox.key('ada', 'prod-bot').id;
});

const list = () => ask(sandbox, '/v1/dev/keys', { bearer: ada });
const listedIds = async () => (await json<{ id: string }[]>(list())).map((key) => key.id);
const remove = () => ask(sandbox, `/v1/dev/keys/${id}`, { method: 'DELETE', bearer: ada });
const lives = () => sandbox.keys('ada').some((key) => key.id === id);

describe('which requests a rule befalls', () => {
  test('method, path, account, skip and times', async () => {
    const handle = sandbox.fault({
      method: 'GET',
      path: '/v1/dev/keys',
      skip: 1,
      times: 2,
      effect: { status: 500 },
    });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await list()).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(handle.hits).toBe(2);

    sandbox.fault({
      account: 'grace',
      times: Infinity,
      effect: { status: 429, headers: { 'retry-after': '7' } },
    });
    expect((await list()).status).toBe(200);
    const refused = await ask(sandbox, '/v1/dev/keys', { bearer: sandbox.token('grace') });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('7');
  });

  test('a string path is the whole raw path, an expression finds', async () => {
    const exact = sandbox.fault({ path: '/v1/dev', effect: { status: 500 } });
    const found = sandbox.fault({ path: /\/keys\/[^/]+$/g, times: Infinity, effect: { status: 503 } });
    expect((await list()).status).toBe(200);
    expect((await remove()).status).toBe(503);
    expect((await remove()).status).toBe(503);
    expect([exact.hits, found.hits]).toEqual([0, 2]);
    found.clear();
    expect((await remove()).status).toBe(204);
  });

  test('rules in a row strike one after the other', async () => {
    sandbox.fault({ times: 2, effect: { status: 503 } });
    sandbox.fault({ effect: { status: 401 } });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await remove()).status);
    expect(statuses).toEqual([503, 503, 401, 204]);
  });
});

describe('effects', () => {
  test('status with the usual detail, without the effect', async () => {
    sandbox.fault({ effect: { status: 503 } });
    expect(await json(remove())).toEqual({ detail: 'API key revocation temporarily unavailable' });
    expect(lives()).toBe(true);
  });

  test('status with a body of choice, after the effect', async () => {
    sandbox.fault({ effect: { status: 504, body: '', act: true } });
    const empty = await remove();
    expect([empty.status, await empty.text()]).toEqual([504, '']);
    expect(lives()).toBe(false);
    sandbox.fault({ effect: { status: 422, body: { detail: [{ loc: ['path', 'key_id'], msg: 'bad' }] } } });
    expect(await json(remove())).toEqual({ detail: [{ loc: ['path', 'key_id'], msg: 'bad' }] });
    sandbox.fault({ effect: { status: 500, body: 'Internal Server Error' } });
    expect(await (await remove()).text()).toBe('Internal Server Error');
  });

  test('204 with a body', async () => {
    sandbox.fault({ effect: { status: 204, body: 'done', act: true } });
    const answer = await exchangeRaw(
      sandbox.port,
      `DELETE /v1/dev/keys/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ada}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 204 No Content\r\n[\s\S]*content-length: 4\r\n[\s\S]*\r\n\r\ndone$/i);
    expect(lives()).toBe(false);
    expect(sandbox.requests[0]?.status).toBe(204);
  });

  test('delay', async () => {
    sandbox.fault({ effect: { delayMs: 60 } });
    const start = performance.now();
    expect((await list()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(55);
  });

  test('hold: the request has arrived, is unanswered, and goes on when released', async () => {
    let release = (): void => undefined;
    sandbox.fault({ effect: { hold: new Promise<void>((resolve) => (release = resolve)) } });
    const answer = remove();
    const arrived = await sandbox.waitForRequest({ method: 'DELETE' });
    expect(arrived.status).toBeNull();
    expect(lives()).toBe(true);
    release();
    expect((await answer).status).toBe(204);
    expect(arrived.status).toBe(204);
    expect(lives()).toBe(false);
  });

  test('a reset drops what is held, and it never acts', async () => {
    let release = (): void => undefined;
    sandbox.fault({ effect: { hold: new Promise<void>((resolve) => (release = resolve)) } });
    const answer = remove();
    await sandbox.waitForRequest({ method: 'DELETE' });
    sandbox.reset();
    await expect(answer).rejects.toThrow();
    release();
    expect((await list()).status).toBe(200);
    expect(lives()).toBe(true);
  });

  test.each(['before', 'after'] as const)('drop %s the server acted', async (drop) => {
    sandbox.fault({ method: 'DELETE', effect: { drop } });
    await expect(remove()).rejects.toThrow();
    expect(lives()).toBe(drop === 'before');
    expect(sandbox.requests[0]?.status).toBe('dropped');
  });

  test('half a body', async () => {
    const whole = Buffer.byteLength(await (await list()).text());
    sandbox.fault({ effect: { halfBody: true } });
    const response = await list();
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBe(whole);
    await expect(response.text()).rejects.toThrow();
    expect(sandbox.requests[1]?.status).toBe('dropped');
  });

  test('an HTML page', async () => {
    sandbox.fault({ effect: { html: true } });
    const response = await list();
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<html>');
    sandbox.fault({ effect: { html: true, status: 200 } });
    expect((await list()).status).toBe(200);
  });

  test('a huge body, which the reader may leave half read', async () => {
    sandbox.fault({ times: 2, effect: { hugeBytes: 10_000_000 } });
    const whole = await list();
    expect(whole.headers.get('content-length')).toBeNull();
    expect((await whole.text()).length).toBe(10_000_000);
    const controller = new AbortController();
    const left = await ask(sandbox, '/v1/dev/keys', { bearer: ada, signal: controller.signal });
    controller.abort();
    await expect(left.text()).rejects.toThrow();
    expect((await list()).status).toBe(200);
  });

  test('a redirect', async () => {
    sandbox.fault({ effect: { redirectTo: 'http://127.0.0.1:9/elsewhere' } });
    const response = await list();
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe('http://127.0.0.1:9/elsewhere');
    sandbox.fault({ effect: { redirectTo: '/v1/x', status: 302 } });
    expect((await list()).status).toBe(302);
  });

  test('no effect: 204, and the key stays', async () => {
    sandbox.fault({ effect: { noEffect: true } });
    expect((await list()).status).toBe(200);
    expect((await remove()).status).toBe(204);
    expect(lives()).toBe(true);
    expect((await remove()).status).toBe(204);
    expect(lives()).toBe(false);
  });

  test('a list that lags for some reads after a delete', async () => {
    sandbox.fault({ method: 'DELETE', effect: { lagReads: 2 } });
    await remove();
    expect(lives()).toBe(false);
    expect(await listedIds()).toContain(id);
    expect(await listedIds()).toContain(id);
    expect(await listedIds()).not.toContain(id);
  });

  test('a list that lags for some reads after a create', async () => {
    sandbox.fault({ method: 'POST', effect: { lagReads: 1 } });
    const body = { name: 'new' };
    const created = await json<{ id: string }>(
      ask(sandbox, '/v1/dev/keys', { method: 'POST', bearer: ada, body }),
    );
    expect(await listedIds()).not.toContain(created.id);
    expect(await listedIds()).toContain(created.id);
  });

  test('a quirk and a broken wire at once', async () => {
    sandbox.fault({ method: 'DELETE', effect: { lagReads: 1 } });
    sandbox.fault({ method: 'DELETE', effect: { drop: 'after' } });
    await expect(remove()).rejects.toThrow();
    expect(await listedIds()).toContain(id);
    expect(await listedIds()).not.toContain(id);
  });

  test('no answer at all, until the client leaves', async () => {
    const handle = sandbox.fault({ effect: { hang: true } });
    const controller = new AbortController();
    const answer = ask(sandbox, '/v1/dev/keys', { bearer: ada, signal: controller.signal });
    const arrived = await sandbox.waitForRequest({ path: '/v1/dev/keys' });
    controller.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => arrived.status).toBe('dropped');
    expect(handle.hits).toBe(1);
  });
});

test('lag and cached logins run on the clock of the sandbox', async () => {
  let now = Date.now();
  const timed = await startSandbox({ now: () => now });
  try {
    const bearer = timed.token('ada');
    const { id: keyId, raw } = timed.addKey('ada');
    timed.fault({ effect: { lagMs: 1000 } });
    timed.fault({ effect: { cachedLoginMs: 3000 } });
    await ask(timed, `/v1/dev/keys/${keyId}`, { method: 'DELETE', bearer });
    const listed = async () =>
      (await json<{ id: string }[]>(ask(timed, '/v1/dev/keys', { bearer }))).some((key) => key.id === keyId);
    const opens = async (path: string) => (await ask(timed, path, { bearer: raw })).status;
    const [keyRoute, dataRoute] = ['/v1/dev/key', '/v1/dev/user/memories'];
    expect([await listed(), await opens(keyRoute), await opens(dataRoute)]).toEqual([true, 401, 200]);
    now += 1001;
    expect([await listed(), await opens(dataRoute)]).toEqual([false, 200]);
    now += 2000;
    expect([await opens(keyRoute), await opens(dataRoute)]).toEqual([401, 401]);
  } finally {
    await timed.close();
  }
});

test('latency holds back every answer', async () => {
  const slow = await startSandbox({ latencyMs: 50 });
  try {
    const start = performance.now();
    await ask(slow, '/v1/dev/keys');
    expect(performance.now() - start).toBeGreaterThan(45);
  } finally {
    await slow.close();
  }
});

describe('the record', () => {
  test('tells method, raw path, query, bearer, account, headers, body and status', async () => {
    await ask(sandbox, '/v1/mcp/keys?a=%20b', {
      method: 'POST',
      bearer: ada,
      body: { name: '' },
      headers: { 'x-one': '1' },
    });
    expect(sandbox.requestLines).toHaveLength(1);
    expect(sandbox.requests[0]).toMatchObject({
      method: 'POST',
      rawPath: '/v1/mcp/keys',
      query: 'a=%20b',
      bearer: ada,
      account: 'ada',
      body: '{"name":""}',
      status: 422,
    });
    expect(sandbox.requests[0]?.headers['x-one']).toBe('1');
    sandbox.clearRequests();
    expect(sandbox.requestLines).toHaveLength(0);
  });

  test('knows the account of expired tokens and of raw keys', async () => {
    await ask(sandbox, '/v1/dev/keys', { bearer: sandbox.token('grace', { lifetimeSeconds: -5 }) });
    await ask(sandbox, '/v1/dev/key', { bearer: sandbox.addKey('linus').raw });
    expect(sandbox.requests.map((request) => request.account)).toEqual(['grace', 'linus']);
  });

  test('waiting ends with an error that tells what came', async () => {
    await list();
    await expect(sandbox.waitForRequest({ method: 'PUT' }, 20)).rejects.toThrow('GET /v1/dev/keys');
  });
});

describe('over HTTP', () => {
  const control = (method: string, path: string, body?: object, headers?: Record<string, string>) =>
    ask(sandbox, `/__sandbox/${path}`, {
      method,
      ...(body ? { body } : {}),
      ...(headers ? { headers } : {}),
    });

  test('faults are switched, the record is read, all is reset; none of it is recorded or faulted', async () => {
    const rule = { method: 'delete', path: '^/v1/dev/keys/', times: 'Infinity', effect: { status: 503 } };
    expect((await control('POST', 'faults', rule)).status).toBe(204);
    expect((await remove()).status).toBe(503);
    expect((await remove()).status).toBe(503);
    expect((await control('DELETE', 'faults')).status).toBe(204);
    expect((await remove()).status).toBe(204);
    expect(await json(control('GET', 'requests'))).toHaveLength(3);
    expect((await control('POST', 'reset')).status).toBe(204);
    expect(sandbox.requestLines).toHaveLength(0);
    expect(lives()).toBe(true);
  });

  test.each([
    [[], 'a rule'],
    [{ effect: {} }, 'effect'],
    [{ effect: { delayMs: 'long' } }, 'effect.delayMs'],
    [{ effect: { hang: true }, account: 'eve' }, 'account'],
    [{ effect: { hang: true }, times: -1 }, 'times'],
    [{ effect: { hang: true }, path: '(' }, 'Invalid regular expression'],
  ])('a wrong rule %j is refused', async (rule, word) => {
    const response = await control('POST', 'faults', rule);
    expect(response.status).toBe(422);
    expect((await json<{ detail: string }>(response)).detail).toContain(word);
  });

  test('other hosts and pages from elsewhere are refused', async () => {
    const answer = await exchangeRaw(
      sandbox.port,
      'GET /__sandbox/requests HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 403/);
    expect((await control('POST', 'reset', undefined, { origin: 'https://evil.example' })).status).toBe(403);
  });
});

test('close ends what hangs and frees the port', async () => {
  const short = await startSandbox();
  const rule: FaultRule = { times: Infinity, effect: { hang: true } };
  short.fault(rule);
  const answer = ask(short, '/v1/dev/keys').catch(() => 'ended');
  await short.waitForRequest({});
  await short.close();
  expect(await answer).toBe('ended');
  const next = createServer();
  await new Promise<void>((resolve, reject) => {
    next.once('error', reject);
    next.listen(short.port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => next.close(resolve));
});

test('a port that is taken is an error', async () => {
  await expect(startSandbox({ port: sandbox.port })).rejects.toThrow('EADDRINUSE');
});
