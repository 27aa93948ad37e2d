import type { BrowserSignIn } from '../account/browserSignIn';
import type { Sessions } from '../account/sessions';
import type { KeyAccess } from '../keys/keyAccess';
import type { KeysApi } from '../omi/keysApi';
import type { Log } from './log';
import type { KeysView } from './views/keysView';

/** What commands work with; built once in extension.ts. */
export interface Parts {
  readonly api: KeysApi;
  readonly browserSignIn: BrowserSignIn;
  readonly keys: KeyAccess;
  readonly log: Log;
  readonly sessions: Sessions;
  /** Resolves when the vault has been read for the first time. */
  readonly loaded: Promise<void>;
  readonly view: KeysView;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
