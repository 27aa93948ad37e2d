import { beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../../sandbox/server';
import { sandbox, withSandbox } from '../support/sandbox';
import { ask, exchangeRaw, json } from './exchange';

interface WireKey {
  id: string;
  name: string;
  key_prefix: string;
  created_at: string;
  last_used_at: string | null;
  scopes: string[] | null;
  app_id?: string | null;
  key?: string;
}

let ada: string;

withSandbox();
beforeEach(() => {
  ada = sandbox.token('ada');
});

const list = (bearer = ada, family = 'dev') =>
  json<WireKey[]>(ask(sandbox, `/v1/${family}/keys`, { bearer }));
const create = (body: object | string, family = 'dev') =>
  ask(sandbox, `/v1/${family}/keys`, { method: 'POST', bearer: ada, body });
const remove = (segment: string, bearer = ada) =>
  ask(sandbox, `/v1/dev/keys/${segment}`, { method: 'DELETE', bearer });

describe('the list', () => {
  test('shows the keys of the bearer, newest first, without their raw secret', async () => {
    const keys = await list();
    expect(keys.map((key) => key.id)).toEqual(sandbox.keys('ada').map((key) => key.id));
    const created = keys.map((key) => Date.parse(key.created_at));
    expect(created).toEqual(created.toSorted((a, b) => b - a));
    expect(JSON.stringify(keys)).not.toMatch(/omi_dev_[0-9a-f]{32}/);
    expect(await list(sandbox.token('grace'))).toHaveLength(2);
    expect(await list(sandbox.token('linus'))).toEqual([]);
  });

  test('holds keys of every kind', async () => {
    const keys = await list();
    const named = (name: string) => keys.filter((key) => key.name === name);
    expect(named('ci')).toHaveLength(2);
    expect(named('never-used')[0]?.last_used_at).toBeNull();
    expect(named('Legacy Developer API key')[0]?.key_prefix).toBe('omi_dev_legacy');
    expect(keys.some((key) => key.name.length === 100)).toBe(true);
    expect(keys.some((key) => key.name.includes('<img'))).toBe(true);
    expect(keys.some((key) => key.scopes === null)).toBe(true);
    expect(keys.some((key) => key.scopes?.length === 0)).toBe(true);
    expect(keys.some((key) => 'environment' in key)).toBe(true);
    const forms = new Set(keys.map((key) => key.created_at.replace(/\d/g, '9')));
    expect(forms.size).toBeGreaterThanOrEqual(7);
  });

  test('is the same in every sandbox', async () => {
    const other = await startSandbox();
    try {
      const same = (one: Sandbox) => one.keys('ada').map(({ id, raw }) => ({ id, raw }));
      expect(same(other)).toEqual(same(sandbox));
      expect(sandbox.key('ada', 'prod-bot').id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
    } finally {
      await other.close();
    }
  });

  test('of MCP keys carries app_id', async () => {
    const keys = await list(ada, 'mcp');
    expect(keys).toHaveLength(3);
    for (const key of keys) expect(key).toHaveProperty('app_id');
    expect(keys[0]?.key_prefix).toMatch(/^omi_mcp_[0-9a-f]{4}\.\.\.[0-9a-f]{4}$/);
  });
});

describe('the bearer', () => {
  test.each([
    ['expired', () => sandbox.token('ada', { lifetimeSeconds: -1 })],
    ['of another project', () => sandbox.token('ada', { project: 'based-hardware' })],
    ['of nobody', () => sandbox.token('ada', { claims: { sub: 'nobody' } })],
    ['forged', () => sandbox.token('ada').slice(0, -4) + 'AAAA'],
    ['malformed', () => 'abc'],
    ['an API key', () => sandbox.key('ada', 'prod-bot').raw ?? ''],
  ])('%s is refused with 401', async (_, bearer) => {
    const response = await ask(sandbox, '/v1/dev/keys', { bearer: bearer() });
    expect(response.status).toBe(401);
    expect(await json(response)).toEqual({ detail: 'Invalid authentication credentials' });
  });

  test('missing gives 403', async () => {
    const response = await ask(sandbox, '/v1/dev/keys');
    expect(response.status).toBe(403);
    expect(await json(response)).toEqual({ detail: 'Not authenticated' });
  });

  test('looks like a Firebase token', () => {
    const claims = JSON.parse(Buffer.from(ada.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    expect(claims).toMatchObject({
      iss: 'https://securetoken.google.com/omi-sandbox',
      aud: 'omi-sandbox',
      sub: sandbox.accounts.ada.uid,
      user_id: sandbox.accounts.ada.uid,
      email: 'ada@example.com',
    });
  });
});

describe('create', () => {
  test('shows the raw key once and trims the name', async () => {
    const response = await create({ name: '  my key ', scopes: ['goals:read'] });
    expect(response.status).toBe(200);
    const key = await json<WireKey>(response);
    expect(key).toMatchObject({ name: 'my key', scopes: ['goals:read'], last_used_at: null });
    expect(key.key).toMatch(/^omi_dev_[0-9a-f]{32}$/);
    const raw = key.key ?? '';
    expect(key.key_prefix).toBe(`${raw.slice(0, 12)}...${raw.slice(-4)}`);
    const [newest] = await list();
    expect(newest?.id).toBe(key.id);
    expect(newest).not.toHaveProperty('key');
  });

  test('gives the four reads when no scopes are named, and none for an empty list', async () => {
    expect((await json<WireKey>(create({ name: 'a' }))).scopes).toHaveLength(4);
    expect((await json<WireKey>(create({ name: 'b', scopes: null }))).scopes).toHaveLength(4);
    expect((await json<WireKey>(create({ name: 'c', scopes: [] }))).scopes).toEqual([]);
  });

  test('of an MCP key gives an omi_mcp_ key', async () => {
    const key = await json<WireKey>(create({ name: 'editor' }, 'mcp'));
    expect(key.key).toMatch(/^omi_mcp_[0-9a-f]{32}$/);
    expect(key).toHaveProperty('app_id');
  });

  test.each<[string, object | string, number, unknown]>([
    ['a blank name', { name: '  ' }, 422, 'string'],
    ['a raw key in the name', { name: `old omi_mcp_${'0a'.repeat(16)}` }, 422, 'string'],
    ['an unknown scope', { name: 'x', scopes: ['keys:write'] }, 400, 'string'],
    ['no name', {}, 422, ['body', 'name']],
    ['a name that is a number', { name: 5 }, 422, ['body', 'name']],
    ['scopes that are a string', { name: 'x', scopes: 'goals:read' }, 422, ['body', 'scopes']],
    ['a scope that is a number', { name: 'x', scopes: [1] }, 422, ['body', 'scopes', 0]],
    ['an array', [], 422, ['body']],
    ['no JSON', '{', 422, ['body', 0]],
  ])('refuses %s', async (_, body, status, loc) => {
    const response = await create(body);
    expect(response.status).toBe(status);
    const { detail } = await json<{ detail: string | { loc: unknown; msg: string; type: string }[] }>(
      response,
    );
    if (loc === 'string') expect(detail).toBeTypeOf('string');
    else
      expect(detail).toMatchObject([
        { loc, msg: expect.any(String) as string, type: expect.any(String) as string },
      ]);
    expect(sandbox.keys('ada')).toHaveLength(12);
  });
});

describe('delete', () => {
  test('answers 204 with no body, and the key is gone', async () => {
    const { id } = sandbox.key('ada', 'prod-bot');
    const response = await remove(id);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect((await list()).map((key) => key.id)).not.toContain(id);
  });

  test('answers 204 for unknown ids, deleted ids and ids of others, and changes nothing', async () => {
    const { id } = sandbox.key('ada', 'prod-bot');
    expect((await remove('unknown')).status).toBe(204);
    expect((await remove(id, sandbox.token('grace'))).status).toBe(204);
    expect((await remove(sandbox.key('ada', 'cursor', 'mcp').id)).status).toBe(204);
    expect(sandbox.keys('ada')).toHaveLength(12);
    expect(sandbox.keys('ada', 'mcp')).toHaveLength(3);
    await remove(id);
    expect((await remove(id)).status).toBe(204);
    expect(sandbox.keys('ada')).toHaveLength(11);
  });

  test.each(['a/b', '?x=1', '#top', '100%', '%2F', '..', '🔑', 'a b'])(
    'takes the id %s when encoded',
    async (id) => {
      sandbox.addKey('ada', { id });
      const segment = encodeURIComponent(id).replaceAll('.', '%2E');
      // A bare socket, since URL parsers resolve even encoded dots.
      const head = `DELETE /v1/dev/keys/${segment} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
      const answer = await exchangeRaw(sandbox.port, `${head}Authorization: Bearer ${ada}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 204/);
      expect(sandbox.keys('ada').map((key) => key.id)).not.toContain(id);
      expect(sandbox.requests.at(-1)?.rawPath).toBe(`/v1/dev/keys/${segment}`);
    },
  );

  test('sends an empty id away to the list, and refuses to delete a list', async () => {
    const response = await remove('');
    expect(response.status).toBe(307);
    expect((await ask(sandbox, '/v1/dev/keys', { method: 'DELETE', bearer: ada })).status).toBe(405);
  });
});

describe('a raw key', () => {
  const probe = (bearer: string) => ask(sandbox, '/v1/dev/key', { bearer });
  const data = (bearer: string) => ask(sandbox, '/v1/dev/user/memories?limit=1', { bearer });

  test('describes itself, and is marked as used', async () => {
    const { raw } = sandbox.addKey('ada', { name: 'probe' });
    const response = await probe(raw);
    expect(response.status).toBe(200);
    expect(await json(response)).toMatchObject({ name: 'probe' });
    expect(sandbox.key('ada', 'probe').lastUsedAt).not.toBeNull();
  });

  test('dead, unknown or of the wrong family gives 401', async () => {
    const { raw, id } = sandbox.addKey('ada');
    sandbox.deleteKey('ada', id);
    expect((await probe(raw)).status).toBe(401);
    expect((await data(raw)).status).toBe(401);
    expect((await probe(`omi_dev_${'0'.repeat(32)}`)).status).toBe(401);
    const mcp = sandbox.key('ada', 'cursor', 'mcp').raw ?? '';
    expect(await json(probe(mcp))).toEqual({ detail: expect.stringContaining('omi_mcp_') as string });
    expect((await probe(ada)).status).toBe(401);
  });

  test('opens data by its scopes', async () => {
    const opened = async (scopes: string[] | null) =>
      (await data(sandbox.addKey('ada', { scopes }).raw)).status;
    expect(await opened(['memories:read'])).toBe(200);
    expect(await opened(null)).toBe(200);
    expect(await opened([])).toBe(403);
    const memories = await json<unknown[]>(data(sandbox.addKey('ada').raw));
    expect(memories).toHaveLength(1);
  });
});

test('an empty sandbox has no keys, and unknown routes give 404', async () => {
  const empty = await startSandbox({ seed: 'empty' });
  try {
    expect(empty.keys('ada')).toEqual([]);
    const response = await ask(empty, '/v2/nothing');
    expect(response.status).toBe(404);
    expect(await json(response)).toEqual({ detail: 'Not Found' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  } finally {
    await empty.close();
  }
});

test('the clock is a parameter', async () => {
  let now = Date.UTC(2030, 0, 1);
  const later = await startSandbox({ now: () => now });
  try {
    const bearer = later.token('ada', { lifetimeSeconds: 60 });
    expect((await ask(later, '/v1/dev/keys', { bearer })).status).toBe(200);
    now += 61_000;
    expect((await ask(later, '/v1/dev/keys', { bearer })).status).toBe(401);
  } finally {
    await later.close();
  }
});
