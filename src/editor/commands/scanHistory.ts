import { access } from 'node:fs/promises';
import { commands, l10n, workspace } from 'vscode';
import { reportHistory, historyLines } from '../leaks/historyReport';
import { isWhole, scanHistories, type NamedFolder } from '../leaks/historyScan';
import { keyLeaks } from '../leaks/keyLeaks';
import { tellScan } from '../leaks/scanActions';
import { scanning } from '../leaks/scanProgress';
import { forgetStrayHistory } from '../leaks/strayHistory';
import { notify, showNotice } from '../notify';
import type { Parts } from '../parts';

/** "Omi: Scan Git History for API Keys": names the commits that brought keys in, and whether they are published. */
export async function scanGitHistory(parts: Parts): Promise<void> {
  const folders = await searchable();
  if (!folders) return;
  const { leaks, log, sessions } = parts;
  await parts.loaded;
  const title = l10n.t('Searching the Git history for API keys');
  const { survey, unreadLists } = await scanning(parts, title, async (signal, say) => {
    const done = await scanHistories(folders, signal, (commits) =>
      say(commits === 1 ? l10n.t('1 commit searched') : l10n.t('{0} commits searched', commits)),
    );
    const gone = await missing(leaks.book.repositories);
    if (isWhole(done)) leaks.book.replaceHistory(done.finds, new Set([...done.searched, ...gone]));
    else leaks.book.noteHistory(done.finds);
    // A folder may have been removed meanwhile.
    if (!folders.every(({ uri }) => workspace.getWorkspaceFolder(uri))) await forgetStrayHistory(leaks.book);
    leaks.searches.noteHistory(done);
    const mayAsk = !signal.aborted && done.finds.length > 0;
    return { survey: done, unreadLists: mayAsk ? await leaks.readLists() : [] };
  });
  const fingerprints = new Set(survey.finds.map(({ key }) => key.fingerprint));
  const found = keyLeaks(leaks).filter(({ key }) => fingerprints.has(key.fingerprint));
  historyLines(found).forEach((line) => log.info(line));
  const report = reportHistory(survey, found, {
    accountId: sessions.state.kind === 'signedIn' ? sessions.account?.id : undefined,
    unreadLists,
  });
  await tellScan(parts, report, found);
}

/** Those of some places at which nothing is any more. */
async function missing(places: ReadonlySet<string>): Promise<readonly string[]> {
  const found = await Promise.all(
    [...places].map((place) =>
      access(place).then(
        () => [],
        () => [place],
      ),
    ),
  );
  return found.flat();
}

/** The folders whose history can be searched; undefined when there are none, which has been told. */
async function searchable(): Promise<readonly NamedFolder[] | undefined> {
  const all = workspace.workspaceFolders ?? [];
  const onDisk = all.filter(({ uri }) => uri.scheme === 'file');
  if (onDisk.length > 0 && workspace.isTrusted) return onDisk;
  if (onDisk.length > 0) {
    const trust = l10n.t('Manage Workspace Trust');
    const message = l10n.t(
      'The history was not searched: in Restricted Mode Git is not run, because the settings of a repository can make it run programs.',
    );
    if ((await showNotice('warn', message, [trust])) === trust) {
      await commands.executeCommand('workbench.trust.manage');
    }
    return undefined;
  }
  const message =
    all.length === 0
      ? l10n.t('No folder is open, so there is no history to search.')
      : l10n.t('No history was searched: this workspace is virtual, and Git needs folders on disk.');
  await notify({ level: all.length === 0 ? 'info' : 'warn', message, actions: [] });
  return undefined;
}
