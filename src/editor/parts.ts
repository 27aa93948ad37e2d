import type { BrowserSignIn } from '../account/browserSignIn';
import type { Sessions } from '../account/sessions';
import type { KeyAccess } from '../keys/keyAccess';
import type { PendingSecrets } from '../keys/pendingSecrets';
import type { Rotations } from '../keys/rotation';
import type { KeysApi } from '../omi/keysApi';
import type { ActivityDocument } from './activityDocument';
import type { ActivityRecord } from './activityRecord';
import type { Leaks } from './leaks/leaks';
import type { Log } from './log';
import type { KeysView } from './views/keysView';

/** What commands work with; built once in extension.ts. */
export interface Parts {
  readonly activityDocument: ActivityDocument;
  readonly api: KeysApi;
  readonly browserSignIn: BrowserSignIn;
  readonly keys: KeyAccess;
  readonly leaks: Leaks;
  readonly log: Log;
  /** New keys whose secret nobody has put anywhere yet. */
  readonly pending: PendingSecrets;
  readonly record: ActivityRecord;
  readonly rotations: Rotations;
  readonly sessions: Sessions;
  /** Resolves when the vault has been read for the first time. */
  readonly loaded: Promise<void>;
  readonly view: KeysView;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
