import { Hono } from 'hono';
import { keyOnTheWire, readScopes } from '../apiKeys';
import type { RouteBindings } from '../gate';
import { problem } from '../problems';
import type { KeyStore } from '../state';
import { openedByKey } from './bearers';

/** What a raw developer key opens: its own description, and one data route. */
export function developerRoutes(store: KeyStore) {
  const app = new Hono<{ Bindings: RouteBindings }>();

  app.get('/v1/dev/key', (c) => {
    // It describes the key as it is stored, so a cached login is of no use here.
    const login = openedByKey(c.req.header('authorization'), store, 'storedOnly');
    return login instanceof Response ? login : c.json(keyOnTheWire(login.key));
  });

  app.get('/v1/dev/user/memories', (c) => {
    const login = openedByKey(c.req.header('authorization'), store, 'cachedToo');
    if (login instanceof Response) return login;
    // A key without scopes of its own has the four reads.
    if (!(login.key.scopes ?? readScopes).includes('memories:read')) {
      return problem(403, 'Insufficient permissions. Required scope: memories:read');
    }
    const limit = Number(c.req.query('limit') ?? 25);
    return c.json(memories(login.account).slice(0, limit));
  });
  return app;
}

function memories(account: string) {
  return ['likes tea', 'plays chess', 'speaks two languages'].map((fact, index) => ({
    id: `memory-${account}-${String(index + 1)}`,
    content: `${account} ${fact}`,
    category: 'interesting',
    visibility: 'private',
    tags: [],
    created_at: `2026-0${String(index + 1)}-15T09:30:00Z`,
    updated_at: `2026-0${String(index + 1)}-15T09:30:00Z`,
    manually_added: false,
  }));
}
