import { Hono } from 'hono';
import { devScopes, keyOnTheWire, rawKeyInside, readScopes, type Family } from '../apiKeys';
import type { RouteBindings } from '../gate';
import type { IdTokens } from '../idTokens';
import { invalid, problem, type ValidationIssue } from '../problems';
import type { KeyStore } from '../state';
import { signedIn } from './bearers';

/** List, create and delete of one family, mounted at `/v1/dev/keys` or `/v1/mcp/keys`. */
export function keyRoutes(family: Family, store: KeyStore, tokens: IdTokens) {
  const path = `/v1/${family}/keys`;
  const app = new Hono<{ Bindings: RouteBindings }>();

  app.get(path, (c) => {
    const account = signedIn(c.req.header('authorization'), tokens);
    if (account instanceof Response) return account;
    return c.json(store.shownKeys(account, family).map(keyOnTheWire));
  });

  app.post(path, async (c) => {
    const account = signedIn(c.req.header('authorization'), tokens);
    if (account instanceof Response) return account;
    const wanted = readNewKey(await c.req.text(), family);
    if (wanted instanceof Response) return wanted;
    const key = store.add(account, { family, ...wanted }, c.env.quirks);
    return c.json({ ...keyOnTheWire(key), key: key.raw });
  });

  app.delete(`${path}/:id`, (c) => {
    const account = signedIn(c.req.header('authorization'), tokens);
    if (account instanceof Response) return account;
    // Whether anything was deleted is not told: unknown ids and ids of others get the same 204.
    store.remove(account, family, c.req.param('id'), c.env.quirks);
    return c.body(null, 204);
  });

  // The framework behind the real server sends a trailing slash away, which makes an empty id a request for the list.
  app.all(`${path}/`, (c) => c.redirect(path, 307));
  app.all(path, () => problem(405, 'Method Not Allowed', { allow: 'GET, POST' }));
  app.all(`${path}/:id`, () => problem(405, 'Method Not Allowed', { allow: 'DELETE' }));
  return app;
}

function readNewKey(text: string, family: Family): { name: string; scopes: string[] | null } | Response {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text === ''
      ? invalid({ type: 'missing', loc: ['body'], msg: 'Field required', input: null })
      : invalid({ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error', input: {} });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return invalid({ type: 'model_attributes_type', loc: ['body'], msg, input: body });
  }
  const { name, scopes } = body as { name?: unknown; scopes?: unknown };
  const issues = [...nameIssues(name, body), ...(family === 'dev' ? scopeIssues(scopes) : [])];
  if (issues.length > 0 || typeof name !== 'string') return invalid(...issues);

  const trimmed = name.trim();
  if (trimmed === '') return problem(422, 'API key name cannot be empty');
  if (rawKeyInside.test(trimmed)) return problem(422, 'API key name must not contain an API key');
  // MCP keys take no scopes from the client; the field is ignored there.
  if (family === 'mcp' || !Array.isArray(scopes)) {
    return { name: trimmed, scopes: family === 'dev' ? readScopes : null };
  }
  const chosen = scopes as string[];
  const unknown = chosen.filter((scope) => !devScopes.includes(scope));
  if (unknown.length > 0) return problem(400, `Invalid scopes: ${unknown.join(', ')}`);
  return { name: trimmed, scopes: chosen };
}

function nameIssues(name: unknown, body: object): ValidationIssue[] {
  const loc = ['body', 'name'];
  if (name === undefined) return [{ type: 'missing', loc, msg: 'Field required', input: body }];
  if (typeof name === 'string') return [];
  return [{ type: 'string_type', loc, msg: 'Input should be a valid string', input: name }];
}

function scopeIssues(scopes: unknown): ValidationIssue[] {
  if (scopes === undefined || scopes === null) return [];
  if (!Array.isArray(scopes)) {
    return [
      { type: 'list_type', loc: ['body', 'scopes'], msg: 'Input should be a valid list', input: scopes },
    ];
  }
  return scopes.flatMap((scope: unknown, index) =>
    typeof scope === 'string'
      ? []
      : [
          {
            type: 'string_type',
            loc: ['body', 'scopes', index],
            msg: 'Input should be a valid string',
            input: scope,
          },
        ],
  );
}
