import { homedir } from 'node:os';
import { join } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { asPlainText } from '../words';

/** "Omi: Show Activity". */
export function showActivity({ activityDocument }: Parts): Promise<void> {
  return activityDocument.show();
}

/** "Omi: Export Activity": asks for a file and writes the document there; a failure is told. */
export async function exportActivity(parts: Parts): Promise<void> {
  const name = 'omi-activity.md';
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const file = await window.showSaveDialog({
    title: l10n.t('Export Activity'),
    filters: { Markdown: ['md'] },
    defaultUri: folder ? Uri.joinPath(folder, name) : Uri.file(join(homedir(), name)),
  });
  if (!file) return;
  try {
    await workspace.fs.writeFile(file, Buffer.from(parts.activityDocument.provideTextDocumentContent()));
    await notify({
      level: 'info',
      message: l10n.t('Exported the activity to {0}.', asPlainText(file.path)),
      actions: [],
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    parts.log.error(`The activity could not be exported: ${why}`);
    const action = await notify({
      level: 'error',
      message: l10n.t('The activity was not exported. {0}', asPlainText(why)),
      actions: ['tryAgain', 'showLog'],
    });
    if (action === 'tryAgain') await exportActivity(parts);
  }
}
