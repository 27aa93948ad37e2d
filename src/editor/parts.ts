import type { Sessions } from '../account/sessions';
import type { KeyAccess } from '../keys/keyAccess';
import type { KeysApi } from '../omi/keysApi';
import type { Log } from './log';
import type { KeysView } from './views/keysView';

/** What commands work with; built once in extension.ts. */
export interface Parts {
  readonly api: KeysApi;
  readonly keys: KeyAccess;
  readonly log: Log;
  readonly sessions: Sessions;
  readonly view: KeysView;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
