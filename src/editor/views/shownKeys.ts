import { env } from 'vscode';
import type { Sessions } from '../../account/sessions';
import type { KeyRings } from '../../keys/keyAccess';
import { matchesFilter, sortKeys, useOf, type KeyOrder, type TraitContext } from '../../keys/keyTraits';
import type { PendingKey, PendingSecrets } from '../../keys/pendingSecrets';
import type { Rotation, Rotations } from '../../keys/rotation';
import { keyFamilies, type KeyFamily } from '../../omi/rawKey';
import type { ListedKey } from '../../omi/schemas';
import type { Leaks } from '../leaks/leaks';
import { keyOrder, staleAfterDays } from '../settings';
import type { RotationRole } from './keyItem';
import { filterTexts, leakRef, leakSceneOf, type LeakScene } from './leakRows';

export interface ShownKeysParts {
  readonly rings: KeyRings;
  readonly sessions: Sessions;
  readonly pending: PendingSecrets;
  readonly rotations: Rotations;
  readonly leaks: Leaks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What the rows of one drawing have in common; asked for once, not for each row. */
export interface Scene extends TraitContext {
  readonly order: KeyOrder;
  readonly waiting: readonly PendingKey[];
  readonly rotations: readonly Rotation[];
  /** Keys that take part in an open rotation, by id. */
  readonly roles: ReadonlyMap<string, RotationRole>;
  readonly leaks: LeakScene;
}

/** Rows of one family's keys, as they were arranged for a list; arranged anew only when something has changed. */
interface Arrangement {
  readonly keys: readonly ListedKey[];
  readonly wish: string;
  /** What was found, where the filter asks for it. */
  readonly found: LeakScene | undefined;
  readonly shown: readonly ListedKey[];
}

/** What asks something of the person, counted. */
export interface Attention {
  /** Keys that are stale or were never used. */
  readonly unused: number;
  /** New keys that are nowhere yet. */
  readonly waiting: number;
  /** Rotations that are not over. */
  readonly rotations: number;
  /** Keys that work and that others can read, or soon will. */
  readonly exposed: number;
}

/** What the view shows of the key rings, and how much of it asks something of the person. Holds no list of its own. */
export class ShownKeys {
  readonly #parts: ShownKeysParts;
  readonly #arranged = new Map<KeyFamily, Arrangement>();
  #scene: Scene | undefined;
  /** What a person typed to see some keys alone. */
  filter = '';

  constructor(parts: ShownKeysParts) {
    this.#parts = parts;
  }

  /** Takes everything anew, from what is so now. */
  reset(): void {
    this.#scene = undefined;
  }

  /** What is so now; the same until {@link reset}. */
  get scene(): Scene {
    return (this.#scene ??= this.#newScene());
  }

  /** A family's keys that fit the filter, in the order that the person wants. */
  of(family: KeyFamily): readonly ListedKey[] {
    const keys = this.#parts.rings[family].list?.keys ?? [];
    const scene = this.scene;
    // "unused" and "stale" depend on the time; a key does not become stale within the minute.
    const minute = Math.floor(scene.now / 60_000);
    const wish = [scene.order, this.filter, scene.staleAfterDays, minute].join('\n');
    const before = this.#arranged.get(family);
    const found = this.filter ? scene.leaks : undefined;
    if (before?.keys === keys && before.wish === wish && before.found === found) return before.shown;
    const fitting = this.filter ? keys.filter((key) => this.#fits(key, scene)) : keys;
    const shown = sortKeys(fitting, scene.order, env.language);
    this.#arranged.set(family, { keys, wish, found, shown });
    return shown;
  }

  /** How many keys there are, and how many fit the filter. */
  get counts(): { readonly all: number; readonly shown: number } {
    const sum = (count: (family: KeyFamily) => number): number =>
      keyFamilies.reduce((total, family) => total + count(family), 0);
    return {
      all: sum((family) => this.#parts.rings[family].list?.keys.length ?? 0),
      shown: sum((family) => this.of(family).length),
    };
  }

  /** What the badge counts; nothing while nobody is signed in. */
  get attention(): Attention {
    if (this.#parts.sessions.state.kind !== 'signedIn')
      return { unused: 0, waiting: 0, rotations: 0, exposed: 0 };
    const scene = this.scene;
    const keys = keyFamilies.flatMap((family) => this.#parts.rings[family].list?.keys ?? []);
    return {
      unused: keys.filter((key) => useOf(key, scene) !== 'inUse').length,
      waiting: scene.waiting.length,
      rotations: scene.rotations.length,
      exposed: scene.leaks.exposed,
    };
  }

  #newScene(): Scene {
    const { sessions, pending, rotations: all, now } = this.#parts;
    const accountId = sessions.account?.id;
    const rotations = all.open.filter((rotation) => rotation.accountId === accountId);
    const roles = new Map<string, RotationRole>();
    for (const { old, fresh } of rotations) {
      roles.set(old.id, 'old');
      if (fresh) roles.set(fresh.id, 'fresh');
    }
    // The secret of a rotation's new key waits in the rotation's own row.
    const waiting = pending.keys.filter(
      (one) => one.accountId === accountId && !one.isKept && !roles.has(one.key.id),
    );
    const leaks = leakSceneOf(this.#parts.leaks, accountId);
    return {
      now: now(),
      staleAfterDays: staleAfterDays(),
      order: keyOrder(),
      waiting,
      rotations,
      roles,
      leaks,
    };
  }

  #fits(key: ListedKey, scene: Scene): boolean {
    const accountId = this.#parts.sessions.account?.id ?? '';
    const leaks = scene.leaks.ofKeys.get(leakRef({ accountId, key })) ?? [];
    return matchesFilter(key, this.filter, scene, filterTexts(leaks));
  }
}
