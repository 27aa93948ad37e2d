import { l10n, Uri, workspace } from 'vscode';
import type { ScanProgress } from '../../leaks/scanTree';
import { isWithin } from '../leaks/fileSigns';
import { keyLeaks } from '../leaks/keyLeaks';
import { tellScan } from '../leaks/scanActions';
import { scanning } from '../leaks/scanProgress';
import { reportScan } from '../leaks/scanReport';
import { fileOfDocument } from '../leaks/watchedText';
import { scanWorkspaceFolders } from '../leaks/workspaceScan';
import { notify } from '../notify';
import type { Parts } from '../parts';

/** "Omi: Scan Workspace for API Keys": looks into all folders, ties what was found to the keys of the accounts, and says so. */
export async function scanWorkspace(parts: Parts): Promise<void> {
  const folders = workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    const message = l10n.t('No folder is open, so there is nothing to scan.');
    await notify({ level: 'info', message, actions: [] });
    return;
  }
  const { leaks, sessions } = parts;
  await parts.loaded;
  const { scan, unreadLists } = await scanning(
    parts,
    l10n.t('Scanning for API keys'),
    async (signal, say) => {
      const done = await scanWorkspaceFolders(folders, leaks.book, signal, (progress) =>
        say(progressText(progress)),
      );
      leaks.searches.noteFiles(done);
      // Without finds there is nothing to tie to an account.
      const mayAsk = !signal.aborted && leaks.book.found.length > 0;
      return { scan: done, unreadLists: mayAsk ? await leaks.readLists() : [] };
    },
  );
  const roots = folders.map(({ uri }) => uri);
  const found = keyLeaks(leaks)
    .map((leak) => ({ ...leak, places: leak.places.filter((place) => isBelow(roots, place.address)) }))
    .filter(({ places }) => places.length > 0);
  const report = reportScan(scan, found, {
    accountId: sessions.state.kind === 'signedIn' ? sessions.account?.id : undefined,
    unreadLists,
    isTrusted: workspace.isTrusted,
  });
  await tellScan(parts, report, found);
}

function progressText({ looked, underWay }: ScanProgress): string {
  if (underWay > 0) return l10n.t('looking through {0} files', looked + underWay);
  return looked === 1 ? l10n.t('1 file looked at') : l10n.t('{0} files looked at', looked);
}

/** The book also has what stands in documents of elsewhere. */
function isBelow(roots: readonly Uri[], address: string): boolean {
  const uri = Uri.parse(address, true);
  const file = fileOfDocument({ uri }) ?? uri;
  return roots.some((root) => isWithin(file.toString(), root));
}
