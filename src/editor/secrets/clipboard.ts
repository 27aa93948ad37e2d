import { Disposable, env, l10n } from 'vscode';
import type { Log } from '../log';
import { notify } from '../notify';
import { clipboardClearAfterSeconds } from '../settings';
import { after } from '../timers';
import type { Placing } from './placing';

let timer: { dispose(): void } | undefined;

/**
 * Ends the waiting for the clearing. The clipboard stays as it is then: whoever copies a secret and closes VS Code is
 * about to paste it.
 */
export const clipboardTimer = new Disposable(() => timer?.dispose());

/** Copies a secret, and takes it off the clipboard after the time that the settings say, if it is still there. */
export async function copySecret(secret: string, log: Log): Promise<Placing> {
  await env.clipboard.writeText(secret);
  // Where the clipboard cannot be read, nobody knows if it took the secret, nor could it be cleared.
  if ((await env.clipboard.readText()) !== secret)
    return { kind: 'failed', message: l10n.t('It is not certain that the clipboard took the secret.') };
  // An earlier copy's time is over with it: the same secret may have been copied again.
  timer?.dispose();
  const seconds = clipboardClearAfterSeconds();
  const place = l10n.t('the clipboard');
  if (seconds === 0) return { kind: 'placed', place };
  timer = after(seconds * 1000, () => void clear(secret, log));
  const note = l10n.t('It is cleared in {0} seconds, while this window stays open.', seconds);
  return { kind: 'placed', place, note };
}

async function clear(secret: string, log: Log): Promise<void> {
  try {
    const isThere = (await env.clipboard.readText()) === secret;
    if (isThere) await env.clipboard.writeText('');
    log.info(
      isThere ? 'The clipboard was cleared.' : 'The clipboard holds something else and was left alone.',
    );
  } catch (error) {
    log.warn(`The clipboard could not be cleared: ${String(error)}`);
    const message = l10n.t('The clipboard could not be cleared and may still hold the secret of a key.');
    await notify({ level: 'warn', message, actions: ['showLog'] });
  }
}
