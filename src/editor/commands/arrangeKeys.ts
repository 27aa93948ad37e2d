import { commands, ConfigurationTarget, l10n, window, workspace } from 'vscode';
import { keyOrders, type KeyOrder } from '../../keys/keyTraits';
import { maskRawKey } from '../../omi/rawKey';
import { settingNames, settingsSection, viewIds } from '../ids';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { keyOrder } from '../settings';
import { asPlainText } from '../words';
import { ensureSignedIn } from './signIn';

/** "Omi: Sort API Keys": asks for an order and keeps it as a setting. */
export async function sortKeys({ log }: Parts): Promise<void> {
  const words: Record<KeyOrder, string> = {
    lastUsed: l10n.t('Last Used First'),
    created: l10n.t('Newest First'),
    name: l10n.t('By Name'),
  };
  const inUse = keyOrder();
  const items = keyOrders.map((order) => ({
    label: words[order],
    ...(order === inUse ? { description: l10n.t('shown now') } : {}),
    order,
  }));
  const picked = await window.showQuickPick(items, { title: l10n.t('Sort API Keys') });
  if (!picked) return;
  const section = workspace.getConfiguration(settingsSection);
  // Where the workspace has an order of its own, the user's would change nothing.
  const isOfWorkspace = section.inspect(settingNames.sortBy)?.workspaceValue !== undefined;
  const target = isOfWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  try {
    await section.update(settingNames.sortBy, picked.order, target);
  } catch (error) {
    // VS Code says which settings file it cannot write, and why.
    log.error(`The order could not be kept: ${String(error)}`);
    const why = asPlainText(error instanceof Error ? error.message : String(error));
    await notify({
      level: 'error',
      message: l10n.t('The order could not be kept. {0}', why),
      actions: ['showLog'],
    });
  }
}

/** "Omi: Filter API Keys": shows what fits while it is typed; Escape brings back what was shown before. */
export async function filterKeys(parts: Parts): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  const { view } = parts;
  // What is typed shows its effect in the rows alone.
  await commands.executeCommand(`${viewIds.keys}.focus`);
  const before = view.filter;
  const box = window.createInputBox();
  box.title = l10n.t('Filter API Keys');
  box.placeholder = l10n.t('Name, prefix, scope, "unused", "stale" or "exposed"');
  box.value = before;
  // Who clicks a row that was found has not given up: there is Escape for that.
  box.ignoreFocusOut = true;
  box.onDidChangeValue((text) => {
    // A raw key that is pasted must not stay on the screen; its row is found by the masked form, too.
    const masked = maskRawKey(text);
    if (masked !== text) box.value = masked;
    view.filter = masked;
  });
  await new Promise<void>((resolve) => {
    let isAccepted = false;
    box.onDidAccept(() => {
      isAccepted = true;
      box.hide();
    });
    box.onDidHide(() => {
      if (!isAccepted) view.filter = before;
      box.dispose();
      resolve();
    });
    box.show();
  });
}

/** "Omi: Clear Filter". */
export function clearFilter({ view }: Parts): void {
  view.filter = '';
}
