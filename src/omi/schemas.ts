import * as v from 'valibot';
import { familyOfRawKey, type KeyFamily } from './rawKey';
import { fail, succeed, type Result } from './result';

/** A key as Omi lists it. Times are milliseconds since the epoch. */
export interface ListedKey {
  readonly family: KeyFamily;
  /** Opaque; a UUID today. */
  readonly id: string;
  readonly name: string;
  /** `omi_dev_1a2b...9f0e`, or whatever else the server shows. */
  readonly prefix: string;
  readonly createdAt: number;
  /** Lags by up to an hour. Null = never used, as far as Omi knows. */
  readonly lastUsedAt: number | null;
  /** Null = the default, which is the four read scopes for developer keys. */
  readonly scopes: readonly string[] | null;
  readonly appId: string | null;
}

/** An entry of a list that could not be read: its position (from 1) and the field at fault. */
export interface UnreadableEntry {
  readonly position: number;
  readonly field: string;
}

export interface KeyList {
  readonly keys: readonly ListedKey[];
  readonly unreadable: readonly UnreadableEntry[];
}

/** A key that was just made, with its raw secret, which Omi shows this once. */
export interface CreatedKey {
  readonly key: ListedKey;
  readonly secret: string;
}

const isoTime = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * An ISO 8601 time as milliseconds since the epoch, or undefined. 0 to 6 digits of a second's fraction; `Z`, an
 * offset, or no zone at all, which means UTC (docs/omi-api.md, "Times").
 */
export function parseTime(text: string): number | undefined {
  const match = isoTime.exec(text.trim());
  if (!match) return undefined;
  const [, date = '', clock = '', fraction = '', zone = 'Z'] = match;
  const milliseconds = fraction === '' ? '' : fraction.slice(0, 4).padEnd(4, '0');
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const time = Date.parse(`${date}T${clock.length === 5 ? `${clock}:00` : clock}${milliseconds}${offset}`);
  return Number.isNaN(time) ? undefined : time;
}

const time = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const value = parseTime(dataset.value);
    if (value === undefined) {
      addIssue({ message: 'not a time' });
      return NEVER;
    }
    return value;
  }),
);

const keySchema = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  name: v.string(),
  key_prefix: v.string(),
  created_at: time,
  last_used_at: v.nullish(time, null),
  scopes: v.nullish(v.array(v.string()), null),
  app_id: v.nullish(v.string(), null),
});

/** Reads one key. Unknown fields are ignored; the failure names the field at fault. */
export function decodeKey(family: KeyFamily, body: unknown): Result<ListedKey, { field: string }> {
  const parsed = v.safeParse(keySchema, body);
  if (!parsed.success) {
    return fail({ field: v.getDotPath(parsed.issues[0]) ?? 'entry' });
  }
  const { key_prefix, created_at, last_used_at, app_id, ...rest } = parsed.output;
  return succeed({
    family,
    ...rest,
    prefix: key_prefix,
    createdAt: created_at,
    lastUsedAt: last_used_at,
    appId: app_id,
  });
}

/** Reads the answer to a creation: a key and its raw secret, which must be of the form that Omi promises. */
export function decodeCreatedKey(family: KeyFamily, body: unknown): Result<CreatedKey> {
  const key = decodeKey(family, body);
  if (!key.ok) return fail({ kind: 'protocol', problem: `${key.failure.field} of the new key` });
  const parsed = v.safeParse(v.object({ key: v.string() }), body);
  if (!parsed.success || familyOfRawKey(parsed.output.key) !== family) {
    return fail({ kind: 'protocol', problem: 'the secret of the new key' });
  }
  return succeed({ key: key.value, secret: parsed.output.key });
}

/**
 * Reads a list of keys. Entries that cannot be read are counted and named beside the good ones; a body that is no
 * list, or a list without one good entry among bad ones, fails: nothing unreadable may look like an empty list.
 */
export function decodeKeyList(family: KeyFamily, body: unknown): Result<KeyList> {
  if (!Array.isArray(body)) return fail({ kind: 'protocol', problem: `the list of keys is ${nameOf(body)}` });
  const keys = new Map<string, ListedKey>();
  const unreadable: UnreadableEntry[] = [];
  body.forEach((entry: unknown, index) => {
    const key = decodeKey(family, entry);
    if (key.ok) keys.set(key.value.id, key.value);
    else unreadable.push({ position: index + 1, field: key.failure.field });
  });
  const first = unreadable[0];
  if (first && keys.size === 0) {
    return fail({
      kind: 'protocol',
      problem: `entry ${String(first.position)} of the list of keys: ${first.field}`,
    });
  }
  return succeed({ keys: [...keys.values()], unreadable });
}

function nameOf(body: unknown): string {
  if (body === undefined) return 'empty';
  if (body === null) return 'null';
  return typeof body === 'string' ? 'text that is not JSON' : `a JSON ${typeof body}`;
}
