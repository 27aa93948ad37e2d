import type { ExtensionContext } from 'vscode';
import { Sessions } from './account/sessions';
import { secretVault } from './editor/auth/secretVault';
import { watchVault } from './editor/auth/vaultTrouble';
import { registerCommands } from './editor/commands';
import { createLog, withRequestLog } from './editor/log';
import { readBaseUrl, requestTimeoutMs } from './editor/settings';
import { KeysView } from './editor/views/keysView';
import { createKeyAccess } from './keys/keyAccess';
import { createHttp } from './omi/http';
import { createKeysApi } from './omi/keysApi';
import { createRepeat } from './omi/retry';

/** Builds the parts, hands them to each other and registers them. Waits for nothing. */
export function activate(context: ExtensionContext): void {
  const now = Date.now;
  const log = createLog();
  const userAgent = `omi-api-keys/${(context.extension.packageJSON as { version: string }).version} vscode`;
  const http = withRequestLog(createHttp({ userAgent, timeoutMs: requestTimeoutMs }), log, now);
  const api = createKeysApi({ http, repeat: createRepeat(), now });
  const sessions = new Sessions({ vault: secretVault(context.secrets), now });
  const keys = createKeyAccess({
    api,
    sessions,
    base: readBaseUrl,
    now,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const view = new KeysView({ rings: keys.rings, sessions, now });
  context.subscriptions.push(
    log,
    sessions,
    keys.rings.dev,
    keys.rings.mcp,
    view,
    watchVault(sessions, log),
    registerCommands({ api, keys, log, sessions, view, now }),
  );
  void sessions.load();
}
