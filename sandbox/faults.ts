import { isAccountName, type AccountName } from './accounts';
import type { Quirks } from './state';

/** What goes wrong with a request that a rule matches. */
export type FaultEffect =
  /** This answer; `act` performs the real effect first. Without a body: FastAPI's `{"detail": …}`. */
  | { status: number; headers?: Record<string, string>; body?: string | object; act?: boolean }
  /** A normal answer, later. */
  | { delayMs: number }
  /** A normal answer once the promise is settled. */
  | { hold: Promise<unknown> }
  /** The socket is destroyed before or after the server acted. */
  | { drop: 'before' | 'after' }
  /** The server acts, announces its whole body, sends half of it and destroys the socket. */
  | { halfBody: true }
  /** A gateway's page (502 unless told) in place of the answer. */
  | { html: true; status?: number }
  /** A body of so many bytes, streamed without an announced length. */
  | { hugeBytes: number }
  /** A redirect (307 unless told). */
  | { redirectTo: string; status?: number }
  /** No answer, ever. */
  | { hang: true }
  /** DELETE and POST only: answered as done, nothing is done. */
  | { noEffect: true }
  /** DELETE and POST only: the list shows the old state for so long. */
  | { lagMs: number }
  /** DELETE and POST only: the list shows the old state for so many reads. */
  | { lagReads: number }
  /** DELETE only: the revoked raw key still works on data routes for so long. */
  | { cachedLoginMs: number };

/** Which requests a fault befalls. Left-out conditions match everything. */
export interface FaultRule {
  method?: string;
  /** Against the raw path, undecoded and without the query: a string must be equal. */
  path?: string | RegExp;
  /** The account that the bearer belongs to. */
  account?: AccountName;
  /** Let the first n matching requests pass. */
  skip?: number;
  /** How many requests it befalls; 1 when left out, Infinity allowed. */
  times?: number;
  effect: FaultEffect;
}

/** A rule in force. */
export interface FaultHandle {
  /** How many requests it has befallen. */
  readonly hits: number;
  clear(): void;
}

/** What rules look at. */
export interface FaultTarget {
  readonly method: string;
  readonly rawPath: string;
  readonly account: AccountName | null;
}

/** What befalls one request: at most one fault on the wire, and any quirks of the server. */
export interface Misfortune {
  readonly wire: WireFault | null;
  readonly quirks: Quirks;
}

type QuirkFault = Extract<
  FaultEffect,
  { noEffect: true } | { lagMs: number } | { lagReads: number } | { cachedLoginMs: number }
>;
export type WireFault = Exclude<FaultEffect, QuirkFault>;

interface ActiveRule {
  readonly rule: FaultRule;
  seen: number;
  hits: number;
}

/** The rules in force, oldest first. */
export class FaultBoard {
  private active: ActiveRule[] = [];

  add(rule: FaultRule): FaultHandle {
    const entry: ActiveRule = { rule, seen: 0, hits: 0 };
    this.active.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      clear: () => {
        this.active = this.active.filter((one) => one !== entry);
      },
    };
  }

  clear(): void {
    this.active = [];
  }

  /**
   * Decides what befalls a request. Every matching rule counts the request as seen; of the faults on the wire the
   * oldest ready one strikes, quirks of the server add up.
   */
  strike(target: FaultTarget): Misfortune {
    let wire: WireFault | null = null;
    const quirks: Quirks = {};
    for (const entry of this.active) {
      if (!befalls(entry.rule, target)) continue;
      entry.seen += 1;
      if (entry.seen <= (entry.rule.skip ?? 0) || entry.hits >= (entry.rule.times ?? 1)) continue;
      const effect = entry.rule.effect;
      if (isQuirk(effect)) {
        Object.assign(quirks, effect);
      } else if (wire === null) {
        wire = effect;
      } else {
        continue;
      }
      entry.hits += 1;
    }
    return { wire, quirks };
  }
}

function befalls(rule: FaultRule, target: FaultTarget): boolean {
  if (rule.method !== undefined && rule.method.toUpperCase() !== target.method) return false;
  if (rule.account !== undefined && rule.account !== target.account) return false;
  if (rule.path !== undefined && !pathMatches(rule.path, target.rawPath)) return false;
  // A quirk concerns changes: reads neither trigger it nor use it up.
  if ('cachedLoginMs' in rule.effect) return target.method === 'DELETE';
  if (isQuirk(rule.effect)) return target.method === 'DELETE' || target.method === 'POST';
  return true;
}

/** True when the raw path is the string, or the expression finds something in it (sticky and global flags ignored). */
export function pathMatches(path: string | RegExp, rawPath: string): boolean {
  if (typeof path === 'string') return path === rawPath;
  return new RegExp(path.source, path.flags.replace(/[gy]/g, '')).test(rawPath);
}

function isQuirk(effect: FaultEffect): effect is QuirkFault {
  return 'noEffect' in effect || 'lagMs' in effect || 'lagReads' in effect || 'cachedLoginMs' in effect;
}

const jsonEffects = [
  'status',
  'delayMs',
  'drop',
  'halfBody',
  'html',
  'hugeBytes',
  'redirectTo',
  'hang',
  'noEffect',
  'lagMs',
  'lagReads',
  'cachedLoginMs',
];

/**
 * A rule from its JSON form: `path` is a regular expression, `times` may be "Infinity". Throws an Error that names
 * the wrong field.
 */
export function ruleFromJson(json: unknown): FaultRule {
  const given = asRecord(json, 'a rule');
  const effect = asRecord(given['effect'], 'effect');
  if (!jsonEffects.some((name) => name in effect)) {
    throw new Error(`effect: one of ${jsonEffects.join(', ')} is needed`);
  }
  for (const name of ['status', 'delayMs', 'hugeBytes', 'lagMs', 'lagReads', 'cachedLoginMs']) {
    if (name in effect && typeof effect[name] !== 'number')
      throw new Error(`effect.${name}: a number is needed`);
  }
  const rule: FaultRule = { effect: effect as FaultEffect };
  const { method, path, account, skip, times } = given;
  if (method !== undefined) rule.method = asText(method, 'method');
  if (path !== undefined) rule.path = new RegExp(asText(path, 'path'));
  if (account !== undefined) {
    const name = asText(account, 'account');
    if (!isAccountName(name)) throw new Error('account: ada, grace or linus');
    rule.account = name;
  }
  if (skip !== undefined) rule.skip = asCount(skip, 'skip');
  if (times !== undefined) rule.times = times === 'Infinity' ? Infinity : asCount(times, 'times');
  return rule;
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what}: an object is needed`);
  return value as Record<string, unknown>;
}

function asText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what}: a string is needed`);
  return value;
}

function asCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value >= 0)) throw new Error(`${what}: a number from 0 is needed`);
  return value;
}
