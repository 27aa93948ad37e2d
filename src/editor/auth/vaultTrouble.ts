import { l10n } from 'vscode';
import type { Sessions } from '../../account/sessions';
import type { Log } from '../log';
import { notify } from '../notify';

/** Tells the person, once a window, when the secret storage is damaged or cannot be read; the log has every case. */
export function watchVault(sessions: Sessions, log: Log): { dispose(): void } {
  let hasTold = false;
  return sessions.onDidMeetTrouble((trouble) => {
    const facts =
      trouble.kind === 'damaged'
        ? `damaged ${trouble.entry} (${trouble.field})`
        : `${trouble.during}: ${trouble.message}`;
    log.error(`Secret storage: ${facts}`);
    const isForCaller = trouble.kind === 'unavailable' && trouble.during !== 'read';
    if (hasTold || isForCaller) return;
    hasTold = true;
    void notify({
      level: 'warn',
      message: l10n.t(
        "VS Code's secret storage could not give back your Omi session, so you are signed out.",
      ),
      actions: ['showLog'],
    });
  });
}
