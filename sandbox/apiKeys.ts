import { createHash, randomBytes } from 'node:crypto';

/** Developer keys and MCP keys live the same life under two paths. */
export type Family = 'dev' | 'mcp';

/** How a key's times are written; Omi's rows differ in digits and zone. */
export type TimeForm = 'z0' | 'z1' | 'z3' | 'z6' | 'utc6' | 'offset' | 'offset0' | 'bare0' | 'bare6';

/** One key as the sandbox holds it. Times are milliseconds since 1970. */
export interface SandboxKey {
  readonly id: string;
  readonly family: Family;
  readonly name: string;
  /** What the list shows, e.g. `omi_dev_1a2b...9f0e`. */
  readonly prefix: string;
  /** The raw secret, kept for tests; null for damaged rows, which no raw key opens. */
  readonly raw: string | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly scopes: readonly string[] | null;
  /** Only MCP keys show one. */
  readonly appId: string | null;
  readonly timeForm: TimeForm;
  /** Fields beyond the contract that the list carries too. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export const readScopes = ['conversations:read', 'memories:read', 'action_items:read', 'goals:read'];
export const writeScopes = ['conversations:write', 'memories:write', 'action_items:write', 'goals:write'];
export const devScopes: readonly string[] = [...readScopes, ...writeScopes];

/** A whole raw key of either family. */
export const rawKeyPattern = /^omi_(dev|mcp)_[0-9a-f]{32}$/;
/** A raw key anywhere in a text. */
export const rawKeyInside = /omi_(?:dev|mcp)_[0-9a-f]{32}/;

/** A new random raw key. */
export function newRawKey(family: Family): string {
  return `omi_${family}_${randomBytes(16).toString('hex')}`;
}

/** `omi_dev_` + 4 hex digits + `...` + 4 hex digits. */
export function prefixOf(raw: string): string {
  return `${raw.slice(0, 12)}...${raw.slice(-4)}`;
}

/** What is looked up when a raw key is shown as bearer. */
export function digestOf(raw: string): string {
  return createHash('sha256').update(raw).digest('hex');
}

/** A moment as ISO 8601 in one of the forms that clients must survive. */
export function writeTime(at: number, form: TimeForm): string {
  // Sub-millisecond digits are made up but constant, so that the same moment always reads the same.
  const [day = '', rest = ''] = new Date(at).toISOString().split('T');
  const seconds = rest.slice(0, 8);
  const millis = rest.slice(9, 12);
  switch (form) {
    case 'z0':
      return `${day}T${seconds}Z`;
    case 'z1':
      return `${day}T${seconds}.${millis.slice(0, 1)}Z`;
    case 'z3':
      return `${day}T${seconds}.${millis}Z`;
    case 'z6':
      return `${day}T${seconds}.${millis}417Z`;
    case 'utc6':
      return `${day}T${seconds}.${millis}052+00:00`;
    case 'offset':
      return `${shifted(at, 2 * 60)}.${millis}908+02:00`;
    case 'offset0':
      return `${shifted(at, -(3 * 60 + 30))}-03:30`;
    case 'bare0':
      return `${day}T${seconds}`;
    case 'bare6':
      return `${day}T${seconds}.${millis}731`;
  }
}

function shifted(at: number, minutes: number): string {
  return new Date(at + minutes * 60_000).toISOString().slice(0, 19);
}

/** The key as the list shows it; the raw secret is never part of it. */
export function keyOnTheWire(key: SandboxKey): Record<string, unknown> {
  return {
    id: key.id,
    name: key.name,
    key_prefix: key.prefix,
    created_at: writeTime(key.createdAt, key.timeForm),
    last_used_at: key.lastUsedAt === null ? null : writeTime(key.lastUsedAt, key.timeForm),
    scopes: key.scopes,
    ...(key.family === 'mcp' ? { app_id: key.appId } : {}),
    ...key.extra,
  };
}
