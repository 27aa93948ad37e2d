import { l10n, window, type QuickPickItem } from 'vscode';
import type { Account } from '../../account/session';
import type { Sessions } from '../../account/sessions';
import { withoutIcons } from '../words';

/** Lets the person choose one of the accounts that are signed in; undefined when they gave up. */
export async function pickAccount(sessions: Sessions, title: string): Promise<Account | undefined> {
  const items = sessions.accounts.map((account, index) => ({
    ...accountItem(account, index === 0),
    account,
  }));
  const picked = await window.showQuickPick(items, { title, placeHolder: l10n.t('Choose an account') });
  return picked?.account;
}

/** An account as a row of a pick. */
export function accountItem({ label }: Account, isInUse: boolean): QuickPickItem {
  return { label: withoutIcons(label), ...(isInUse ? { description: l10n.t('shown now') } : {}) };
}
