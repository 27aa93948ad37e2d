import type { ExtensionContext } from 'vscode';
import { BrowserSignIn } from './account/browserSignIn';
import { Sessions } from './account/sessions';
import { ActivityDocument } from './editor/activityDocument';
import { ActivityRecord } from './editor/activityRecord';
import { OmiAuthentication } from './editor/auth/omiAuthentication';
import { secretVault } from './editor/auth/secretVault';
import { renewThrough, signInMarker } from './editor/auth/sessionPorts';
import { factsOf, watchSessions } from './editor/auth/sessionWatch';
import { createWaysBack } from './editor/auth/uriHandler';
import { registerCommands } from './editor/commands';
import { signIn } from './editor/commands/signIn';
import { journalIn, steadyState } from './editor/journals';
import { Leaks } from './editor/leaks/leaks';
import { registerLeaks } from './editor/leaks/register';
import { createLog, withRequestLog } from './editor/log';
import type { Parts } from './editor/parts';
import { readBaseUrl, requestTimeoutMs } from './editor/settings';
import { after, pause } from './editor/timers';
import { KeysView } from './editor/views/keysView';
import { Activity } from './keys/activity';
import { createKeyAccess } from './keys/keyAccess';
import { PendingSecrets } from './keys/pendingSecrets';
import { Rotations } from './keys/rotation';
import { createFirebaseApi } from './omi/firebase';
import { createHttp } from './omi/http';
import { createKeysApi } from './omi/keysApi';
import { createPulse } from './omi/pulseApi';
import { createRepeat } from './omi/retry';

/** Builds the parts, hands them to each other and registers them. Waits for nothing. */
export function activate(context: ExtensionContext): void {
  const now = Date.now;
  const log = createLog();
  const userAgent = `omi-api-keys/${(context.extension.packageJSON as { version: string }).version} vscode`;
  const http = withRequestLog(createHttp({ userAgent, timeoutMs: requestTimeoutMs }), log, now);
  const firebase = createFirebaseApi({ http, now });
  const repeat = createRepeat();
  const api = createKeysApi({ http, repeat, now });
  const state = steadyState(context.globalState);
  const sessions = new Sessions({
    vault: secretVault(context.secrets),
    marker: signInMarker(state),
    renew: renewThrough(firebase),
    now,
    pause,
    after,
  });
  const ways = createWaysBack(context.extension.id);
  const browserSignIn = new BrowserSignIn({ http, firebase, ways, now });
  const keys = createKeyAccess({ api, sessions, base: readBaseUrl, now, pause });
  const activity = new Activity(journalIn(state, 'omi.activity'));
  const activityDocument = new ActivityDocument(activity);
  const record = new ActivityRecord({ activity, accounts: () => sessions.accounts, log, now });
  const pending = new PendingSecrets(secretVault(context.secrets));
  const pulse = createPulse({ http, repeat, now });
  const rotations = new Rotations({
    journal: journalIn(state, 'omi.rotations'),
    ...{ creation: keys.creation, revocation: keys.revocation },
    ...{ pending, pulse, base: readBaseUrl, now },
  });
  const workspaceState = steadyState(context.workspaceState);
  const leaks = new Leaks({ globalState: state, workspaceState, keys, sessions, pulse, now });
  const { rings, dropLists } = keys;
  const view = new KeysView({ rings, dropLists, sessions, pending, rotations, leaks, now });
  const loaded = Promise.all([sessions.load(), pending.load()]).then(() => undefined);
  const parts: Parts = {
    ...{ api, browserSignIn, keys, leaks, loaded, log, sessions, view, now },
    ...{ activityDocument, record, pending, rotations },
  };
  context.subscriptions.push(
    ...[log, sessions, ways, browserSignIn, keys, pending, view, activityDocument],
    pending.onDidMeetTrouble((trouble) => log.error(`Secrets of new keys: ${factsOf(trouble)}`)),
    watchSessions(parts),
    new OmiAuthentication({ sessions, loaded, signIn: async () => (await signIn(parts))?.account }),
    registerCommands(parts),
    registerLeaks(parts),
  );
}
