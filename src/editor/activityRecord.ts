import type { Account } from '../account/session';
import type { Activity, ActivityAction } from '../keys/activity';
import { displayPrefix } from '../keys/key';
import type { ListedKey } from '../omi/schemas';
import type { Log } from './log';
import { keyName } from './words';

/** What was done to one key, as those who did it tell it. */
export interface Deed {
  readonly action: ActivityAction;
  readonly accountId: string;
  readonly key: ListedKey;
  /** The end state's name, such as `revoked` or `stillLive`. */
  readonly end: string;
  /** How the end was proven, such as `list` or `list, keyRoute`; empty when it was not. */
  readonly proof: string;
}

export interface ActivityRecordParts {
  readonly activity: Activity;
  readonly accounts: () => readonly Account[];
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Writes deeds into the activity journal; nobody waits for it, and a failure goes to the log. */
export class ActivityRecord {
  readonly #parts: ActivityRecordParts;

  constructor(parts: ActivityRecordParts) {
    this.#parts = parts;
  }

  note(deeds: readonly Deed[]): void {
    const { activity, accounts, log, now } = this.#parts;
    const entries = deeds.map(({ action, accountId, key, end, proof }) => ({
      at: now(),
      account: accounts().find(({ id }) => id === accountId)?.label ?? accountId,
      action,
      keyName: keyName(key),
      masked: displayPrefix(key),
      keyId: key.id,
      end,
      proof,
    }));
    activity.add(entries).catch((error: unknown) => {
      log.error(`The activity could not be kept: ${String(error)}`);
    });
  }
}
