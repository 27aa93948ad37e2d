import { l10n, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import type { Account } from '../../account/session';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { accountItem } from './pickAccount';
import { signInCommand } from './signIn';

/** "Omi: Switch Account": shows the keys of another account, or signs in to one more. */
export async function switchAccount(parts: Parts): Promise<void> {
  await parts.loaded;
  const { sessions } = parts;
  const accounts = sessions.accounts.map((account, index) => ({
    ...accountItem(account, index === 0),
    account,
  }));
  const another: QuickPickItem = { label: l10n.t('Sign In with Another Account') };
  const separator: QuickPickItem = { label: '', kind: QuickPickItemKind.Separator };
  const items: readonly (QuickPickItem & { readonly account?: Account })[] = [
    ...accounts,
    separator,
    another,
  ];
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Switch Omi Account'),
    placeHolder: l10n.t('Whose keys are shown?'),
  });
  if (!picked) return;
  if (!picked.account) return signInCommand(parts);
  const done = await sessions.use(picked.account.id);
  if (done.ok) return;
  await notify({
    level: 'error',
    message: l10n.t("The account could not be switched: VS Code's secret storage did not take it."),
    actions: ['showLog'],
  });
}
