import { l10n } from 'vscode';
import type { ListedKey } from '../../omi/schemas';
import type { Parts } from '../parts';
import { asPlainText, namedKey } from '../words';

/** Lets go of a secret that waits no more; gives the vault's refusal as a sentence, or nothing. It is logged here. */
export async function releaseSecret({ pending, log }: Parts, key: ListedKey): Promise<string> {
  try {
    await pending.release(key.id);
    return '';
  } catch (error) {
    log.error(`The vault did not let go of the secret of ${key.id}: ${String(error)}`);
    return l10n.t(
      "VS Code's vault did not let go of the secret of {0}. It says: {1}",
      namedKey(key),
      asPlainText(String(error)),
    );
  }
}
