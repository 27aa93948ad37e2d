import type { ExtensionContext } from 'vscode';
import { BrowserSignIn } from './account/browserSignIn';
import { Sessions } from './account/sessions';
import { OmiAuthentication } from './editor/auth/omiAuthentication';
import { secretVault } from './editor/auth/secretVault';
import { renewThrough, signInMarker } from './editor/auth/sessionPorts';
import { watchSessions } from './editor/auth/sessionWatch';
import { createWaysBack } from './editor/auth/uriHandler';
import { registerCommands } from './editor/commands';
import { signIn } from './editor/commands/signIn';
import { createLog, withRequestLog } from './editor/log';
import type { Parts } from './editor/parts';
import { readBaseUrl, requestTimeoutMs } from './editor/settings';
import { after, pause } from './editor/timers';
import { KeysView } from './editor/views/keysView';
import { createKeyAccess } from './keys/keyAccess';
import { createFirebaseApi } from './omi/firebase';
import { createHttp } from './omi/http';
import { createKeysApi } from './omi/keysApi';
import { createRepeat } from './omi/retry';

/** Builds the parts, hands them to each other and registers them. Waits for nothing. */
export function activate(context: ExtensionContext): void {
  const now = Date.now;
  const log = createLog();
  const userAgent = `omi-api-keys/${(context.extension.packageJSON as { version: string }).version} vscode`;
  const http = withRequestLog(createHttp({ userAgent, timeoutMs: requestTimeoutMs }), log, now);
  const firebase = createFirebaseApi({ http, now });
  const api = createKeysApi({ http, repeat: createRepeat(), now });
  const sessions = new Sessions({
    vault: secretVault(context.secrets),
    marker: signInMarker(context.globalState),
    renew: renewThrough(firebase),
    now,
    pause,
    after,
  });
  const ways = createWaysBack(context.extension.id);
  const browserSignIn = new BrowserSignIn({ http, firebase, ways, now });
  const keys = createKeyAccess({ api, sessions, base: readBaseUrl, now, pause });
  const view = new KeysView({ rings: keys.rings, sessions, now });
  const loaded = sessions.load();
  const parts: Parts = { api, browserSignIn, keys, loaded, log, sessions, view, now };
  context.subscriptions.push(
    ...[log, sessions, ways, browserSignIn, keys, view],
    watchSessions({ sessions, log, isBusy: () => view.inWork.size > 0, signIn: () => signIn(parts) }),
    new OmiAuthentication({ sessions, loaded, signIn: async () => (await signIn(parts))?.account }),
    registerCommands(parts),
  );
}
