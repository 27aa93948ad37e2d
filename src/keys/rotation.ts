import { EventEmitter, type Event } from 'cockatiel';
import type { OmiFailure } from '../omi/errors';
import type { BaseUrl } from '../omi/baseUrl';
import type { PulseRoute, TakePulse } from '../omi/pulseApi';
import { fail, succeed, type Result } from '../omi/result';
import type { ListedKey } from '../omi/schemas';
import { createKey, newKeysOfName, type CreationParts } from './createKey';
import type { Journal } from './journal';
import type { KeyTarget } from './key';
import type { PendingSecrets } from './pendingSecrets';
import { revokeKeys, type EndState, type RevocationParts } from './revokeKeys';

/**
 * How far a rotation has come; each stage says what exists:
 * `making` = the request for the new key may have been sent · `made` = the new key exists and its secret is held ·
 * `proven` = the new key works · `placed` = it stands where it is used · `revoking` = the old key's end was ordered.
 */
export type RotationStage = 'making' | 'made' | 'proven' | 'placed' | 'revoking';

/** A rotation that is not over. Holds no secret: that of the new key is with the pending secrets. */
export interface Rotation {
  readonly accountId: string;
  readonly old: ListedKey;
  readonly fresh: ListedKey | null;
  readonly stage: RotationStage;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether the new key was seen to work; `untellable` where Omi offers no way to know. */
  readonly proof: 'alive' | 'untellable' | null;
  /** Which route of Omi saw it work. */
  readonly provenBy?: PulseRoute;
  /** Where the new key was put, in words. */
  readonly places: readonly string[];
  /** The ids of all keys that were there right before the request for the new one; null while nothing was sent. */
  readonly known: readonly string[] | null;
}

/** Why a rotation did not take its next step. What exists on both sides is in the rotation itself. */
export type RotationProblem =
  | { readonly kind: 'failed'; readonly failure: OmiFailure }
  /** New keys of that name exist, but their secret was lost with the answer. */
  | { readonly kind: 'secretLost'; readonly keys: readonly ListedKey[] }
  /** The vault has the new key's secret no more, or does not give it. */
  | { readonly kind: 'secretGone' }
  /** The new key's secret could not be held; until the next start it is in memory. */
  | { readonly kind: 'vaultRefused'; readonly message: string }
  /** Omi refuses the new key. */
  | { readonly kind: 'newKeyDead' }
  /** Omi does not list the new key: the old one stays. */
  | { readonly kind: 'newKeyGone' }
  /** Omi lists the old key no more: the new one stays, and there is nothing to undo. */
  | { readonly kind: 'oldKeyGone' }
  /** The old key (or, undoing, the new one) did not end as revoked. */
  | { readonly kind: 'notRevoked'; readonly end: EndState };

export interface RotationParts {
  readonly journal: Journal<Rotation>;
  readonly pending: PendingSecrets;
  readonly creation: CreationParts;
  readonly revocation: RevocationParts;
  readonly pulse: TakePulse;
  /** The configured server; fails with `misconfigured`. */
  readonly base: () => Result<BaseUrl>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const signedOut: RotationProblem = { kind: 'failed', failure: { kind: 'unauthenticated' } };

type Step = Promise<Result<Rotation, RotationProblem>>;

const cancelled: OmiFailure = { kind: 'cancelled' };
const untried: EndState = { kind: 'untried', why: 'cancelled' };

/**
 * Rotations in the journal, which survives a crash: every step is written down before and after it is taken. A step
 * starts from what the journal says now, not from what its caller last saw: meanwhile the rotation may have been
 * undone or finished, and the wrong step would leave no key alive.
 */
export class Rotations {
  readonly #parts: RotationParts;
  readonly #changes = new EventEmitter<void>();
  /** The step under way, by the old key's id. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Secrets that the vault refused, by the new key's id. */
  readonly #unheld = new Map<string, string>();

  constructor(parts: RotationParts) {
    this.#parts = parts;
  }

  /** Tells of every step. */
  readonly onDidChange: Event<void> = this.#changes.addListener;

  /** All that are not over. */
  get open(): readonly Rotation[] {
    return this.#parts.journal.read().map((rotation) => this.#withHeldKey(rotation));
  }

  /** The open rotation in which a key is the old or the new one. */
  of(keyId: string): Rotation | undefined {
    return this.open.find(({ old, fresh }) => old.id === keyId || fresh?.id === keyId);
  }

  /** Makes the new key, with the old one's name and scopes, and holds its secret. Gives the open rotation if there is one. */
  make(target: KeyTarget, signal: AbortSignal): Step {
    return this.#inTurn(target.key.id, () => this.#make(target, signal));
  }

  async #make({ accountId, key: old }: KeyTarget, signal: AbortSignal): Step {
    const { creation, pending, now } = this.#parts;
    const open = this.open.find((one) => one.old.id === old.id);
    if (open) return succeed(open);
    if (creation.accountId() !== accountId) return fail(signedOut);
    const rotation: Rotation = {
      accountId,
      old,
      fresh: null,
      stage: 'making',
      startedAt: now(),
      proof: null,
      places: [],
      known: null,
    };
    await this.#write(rotation);
    const wanted = { family: old.family, name: old.name, scopes: old.scopes ?? undefined };
    const outcome = await createKey(wanted, this.#noting(rotation), signal);
    switch (outcome.kind) {
      case 'created': {
        const fresh = { accountId, key: outcome.key, isKept: false, replaces: old.id };
        const held = await pending.hold(fresh, outcome.secret);
        if (!held.ok) this.#unheld.set(outcome.key.id, outcome.secret);
        const noted = this.#newest(rotation) ?? rotation;
        const made = await this.#write({ ...noted, fresh: outcome.key, stage: 'made' });
        return held.ok ? succeed(made) : fail({ kind: 'vaultRefused', message: held.failure });
      }
      case 'secretLost':
        return fail({ kind: 'secretLost', keys: outcome.keys });
      case 'notMade':
        await this.#close(rotation);
        return fail({ kind: 'failed', failure: outcome.failure });
      case 'unknown':
        return fail({ kind: 'failed', failure: outcome.failure });
    }
  }

  /** After a crash while the new key was being made: which keys may be it. Their secret is lost. */
  async findLost({ old, accountId }: Rotation): Promise<Result<readonly ListedKey[], RotationProblem>> {
    const { creation, pending } = this.#parts;
    await pending.load();
    const rotation = this.open.find((one) => one.old.id === old.id);
    // Its secret is held after all, or the rotation is over: nothing is lost.
    if (rotation?.stage !== 'making') return fail({ kind: 'failed', failure: cancelled });
    const { known, startedAt } = rotation;
    if (known === null) return succeed([]);
    if (creation.accountId() !== accountId) return fail(signedOut);
    const list = await creation.readList(old.family);
    if (!list.ok) return fail({ kind: 'failed', failure: list.failure });
    if (creation.accountId() !== accountId) return fail(signedOut);
    if (list.value.keys.length === 0 && known.length > 0) {
      const problem = 'the list of keys is suddenly empty';
      return fail({ kind: 'failed', failure: { kind: 'protocol', problem } });
    }
    const before = { keys: [old], unreadable: [] };
    const sinceThen = newKeysOfName(old.name, before, list.value).filter(
      // The server's clock may differ from this one by some minutes.
      ({ id, createdAt }) => !known.includes(id) && createdAt > startedAt - 5 * 60_000,
    );
    return succeed(sinceThen);
  }

  /** Proves that the new key works, where Omi offers a way. */
  prove(rotation: Rotation, signal: AbortSignal): Step {
    return this.#inTurn(rotation.old.id, () => this.#prove(rotation, signal));
  }

  async #prove(seen: Rotation, signal: AbortSignal): Step {
    const rotation = this.#newest(seen);
    if (!rotation) return fail({ kind: 'failed', failure: cancelled });
    if (rotation.stage !== 'made') return succeed(rotation);
    const secret = await this.secret(rotation);
    if (secret === undefined) return fail({ kind: 'secretGone' });
    const base = this.#parts.base();
    if (!base.ok) return fail({ kind: 'failed', failure: base.failure });
    const pulse = await this.#parts.pulse(secret, base.value, signal);
    if (!pulse.ok) return fail({ kind: 'failed', failure: pulse.failure });
    if (pulse.value.kind === 'dead') return fail({ kind: 'newKeyDead' });
    const { kind: proof } = pulse.value;
    const by = 'by' in pulse.value ? { provenBy: pulse.value.by } : {};
    return succeed(await this.#write({ ...rotation, stage: 'proven', proof, ...by }));
  }

  /** Notes where a proven key was put. A rotation at any other stage, or one that is over, stays as it is. */
  placed(seen: Rotation, places: readonly string[]): Promise<Rotation> {
    return this.#inTurn(seen.old.id, async () => {
      const rotation = this.#newest(seen);
      if (rotation?.stage !== 'proven') return rotation ?? seen;
      return this.#write({ ...rotation, stage: 'placed', places });
    });
  }

  /** Revokes the old key and proves it; only once the new one stands where it is used. Else nothing is sent. */
  finish(rotation: Rotation, signal: AbortSignal): Step {
    return this.#inTurn(rotation.old.id, () => this.#finish(rotation, signal));
  }

  async #finish(seen: Rotation, signal: AbortSignal): Step {
    const rotation = this.#newest(seen);
    if (rotation?.stage !== 'placed' && rotation?.stage !== 'revoking') {
      return fail({ kind: 'notRevoked', end: untried });
    }
    const listed = await this.#listed(rotation);
    if (!listed.ok) return listed;
    // The new key may have ended since it was placed: then the old one is the last.
    if (listed.value.has(rotation.old.id) && !listed.value.has(rotation.fresh?.id))
      return fail({ kind: 'newKeyGone' });
    const revoking = await this.#write({ ...rotation, stage: 'revoking' });
    const end = await this.#revoke({ accountId: rotation.accountId, key: rotation.old }, signal);
    if (end.kind !== 'revoked' && end.kind !== 'alreadyGone') return fail({ kind: 'notRevoked', end });
    const kept = this.#parts.pending.keys.some(({ key, isKept }) => key.id === rotation.fresh?.id && isKept);
    await this.#close(revoking, kept ? 'keepSecret' : 'releaseSecret');
    return succeed(revoking);
  }

  /**
   * Takes everything back: revokes the new key and forgets its secret. The old key stays as it is; the new one is not
   * revoked where it is the only one left, nor, once the old one's end was ordered, unless Omi still lists that.
   */
  undo(rotation: Rotation, signal: AbortSignal): Step {
    return this.#inTurn(rotation.old.id, () => this.#undo(rotation, signal));
  }

  async #undo(seen: Rotation, signal: AbortSignal): Step {
    const rotation = this.#newest(seen);
    if (!rotation) return fail({ kind: 'notRevoked', end: untried });
    const listed = await this.#listed(rotation);
    if (!listed.ok) return listed;
    const isNeeded = rotation.stage === 'revoking' || listed.value.has(rotation.fresh?.id);
    if (isNeeded && !listed.value.has(rotation.old.id)) return fail({ kind: 'oldKeyGone' });
    if (rotation.fresh) {
      const end = await this.#revoke({ accountId: rotation.accountId, key: rotation.fresh }, signal);
      if (end.kind !== 'revoked' && end.kind !== 'alreadyGone') return fail({ kind: 'notRevoked', end });
    }
    await this.#close(rotation);
    return succeed(rotation);
  }

  /** Forgets a rotation that has made nothing; no request is sent. One that has a new key stays. */
  abandon(seen: Rotation): Promise<void> {
    return this.#inTurn(seen.old.id, async () => {
      const rotation = this.#newest(seen);
      if (rotation && !rotation.fresh) await this.#close(rotation);
    });
  }

  /** The new key's secret, while it is held or, with a vault that refused it, in memory. */
  async secret({ fresh }: Rotation): Promise<string | undefined> {
    if (!fresh) return undefined;
    return this.#unheld.get(fresh.id) ?? this.#parts.pending.read(fresh.id).catch(() => undefined);
  }

  /** The ids of all keys that Omi lists now. */
  async #listed({
    accountId,
    old,
  }: Rotation): Promise<Result<ReadonlySet<string | undefined>, RotationProblem>> {
    const { creation } = this.#parts;
    const list = await creation.readList(old.family);
    if (!list.ok) return fail({ kind: 'failed', failure: list.failure });
    return creation.accountId() === accountId
      ? succeed(new Set(list.value.keys.map(({ id }) => id)))
      : fail({ kind: 'notRevoked', end: { kind: 'notInThisAccount' } });
  }

  async #revoke(target: KeyTarget, signal: AbortSignal): Promise<EndState> {
    const [outcome] = await revokeKeys([target], this.#parts.revocation, { signal });
    return outcome?.end ?? { kind: 'untried', why: 'cancelled' };
  }

  /** Makes keys as usual, but writes down which are there before the request is sent. */
  #noting(rotation: Rotation): CreationParts {
    const { creation } = this.#parts;
    let known: readonly string[] = [];
    return {
      accountId: () => creation.accountId(),
      lastFilledList: (family) => creation.lastFilledList(family),
      pause: (ms) => creation.pause(ms),
      readList: async (family) => {
        const list = await creation.readList(family);
        const earlier = creation.lastFilledList(family)?.keys ?? [];
        if (list.ok) known = [...new Set([...list.value.keys, ...earlier].map(({ id }) => id))];
        return list;
      },
      create: async (key, accountId, signal) => {
        await this.#write({ ...rotation, known });
        return creation.create(key, accountId, signal);
      },
    };
  }

  /** A crash may come between holding the new key's secret and writing it down here. */
  #withHeldKey(rotation: Rotation): Rotation {
    if (rotation.stage !== 'making') return rotation;
    const held = this.#parts.pending.keys.find(
      ({ replaces, accountId, key }) =>
        replaces === rotation.old.id &&
        accountId === rotation.accountId &&
        rotation.known?.includes(key.id) === false,
    );
    return held ? { ...rotation, fresh: held.key, stage: 'made' } : rotation;
  }

  /** The same rotation as it stands now; undefined when it is over. */
  #newest({ old, fresh, startedAt }: Rotation): Rotation | undefined {
    return this.open.find(
      (one) =>
        one.old.id === old.id &&
        one.startedAt === startedAt &&
        (fresh === null || one.fresh?.id === fresh.id),
    );
  }

  /** One step at a time for each old key. */
  #inTurn<T>(oldId: string, step: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(oldId) ?? Promise.resolve()).then(step);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(oldId, settled);
    void settled.then(() => {
      if (this.#turns.get(oldId) === settled) this.#turns.delete(oldId);
    });
    return done;
  }

  async #write(rotation: Rotation): Promise<Rotation> {
    const others = this.open.filter(({ old }) => old.id !== rotation.old.id);
    await this.#parts.journal.write([...others, rotation]);
    this.#changes.emit();
    return rotation;
  }

  async #close(rotation: Rotation, secret: 'releaseSecret' | 'keepSecret' = 'releaseSecret'): Promise<void> {
    if (rotation.fresh) this.#unheld.delete(rotation.fresh.id);
    // The secret first, so that a stop in between leaves a rotation that can be closed again. A vault that refuses
    // must not keep it open; the pending secrets tell of it.
    if (rotation.fresh && secret === 'releaseSecret') {
      await this.#parts.pending.release(rotation.fresh.id).catch(() => undefined);
    }
    await this.#parts.journal.write(this.open.filter(({ old }) => old.id !== rotation.old.id));
    this.#changes.emit();
  }
}
