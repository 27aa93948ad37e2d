import { join } from 'node:path';
import { Uri, workspace, type TextDocument, type WorkspaceFolder } from 'vscode';
import { excludesOf } from '../../leaks/excludes';
import { runGit } from '../../leaks/git';
import type { LeakBook, LookedInto } from '../../leaks/leakBook';
import {
  scanFileTree,
  scanFolder,
  type ScanProgress,
  type TreeScan,
  type Unseen,
} from '../../leaks/scanTree';
import { openFolders } from '../openFolders';
import { gitStanding } from '../secrets/gitStanding';
import { leakExcludes } from '../settings';
import { decodeFile } from './decodeFile';
import { outsideCells } from './watchedFile';
import { findsToTell } from './watchedText';
import { workspaceFiles } from './workspaceFiles';

/** What a look at all folders has come to. What was found is in the book. */
export interface WorkspaceScan {
  /** How many files were looked at. */
  readonly looked: number;
  /** What was not looked into; paths as a person reads them. */
  readonly unseen: readonly Unseen[];
  /** False after a cancel. */
  readonly isWhole: boolean;
  /** Folders on disk that Git was to see to, and there is no Git. */
  readonly isGitMissing: boolean;
}

const gitLimitMs = 10_000;

/**
 * Looks for keys in all folders, and in documents that differ from their files, which count as they are on the screen.
 * The book has what was found afterwards, in place of what it had of these folders.
 *
 * @param say is told how far the scan has come.
 */
export async function scanWorkspaceFolders(
  folders: readonly WorkspaceFolder[],
  book: LeakBook,
  signal: AbortSignal,
  say: (progress: ScanProgress) => void,
): Promise<WorkspaceScan> {
  const scans: TreeScan[] = [];
  for (const folder of folders) {
    if (signal.aborted) break;
    const before = scans.reduce((sum, { looked }) => sum + looked, 0);
    const scan = await scanOne(folder, signal, ({ looked, underWay }) =>
      say({ looked: before + looked, underWay }),
    );
    scans.push(scan);
    // It may have been removed meanwhile.
    if (workspace.getWorkspaceFolder(folder.uri)) await take(folder, scan, book);
  }
  return {
    looked: scans.reduce((sum, { looked }) => sum + looked, 0),
    unseen: together(folders, scans),
    isWhole: !signal.aborted && scans.every(({ isWhole }) => isWhole),
    isGitMissing: await isGitMissing(folders, scans),
  };
}

function scanOne(
  { uri }: WorkspaceFolder,
  signal: AbortSignal,
  onProgress: (progress: ScanProgress) => void,
): Promise<TreeScan> {
  const decode = (bytes: Uint8Array, path: string): Promise<string> =>
    decodeFile(bytes, Uri.joinPath(uri, path));
  const wishes = {
    signal,
    exclude: leakExcludes(),
    decode,
    findsIn: findsToTell,
    onProgress,
    untrusted: openFolders(),
    // All that is built lies in one folder.
    sieveScript: join(__dirname, 'sieveWorker.js'),
  };
  // The configuration of a repository can make Git run programs.
  return uri.scheme === 'file'
    ? scanFolder(uri.fsPath, workspace.isTrusted, wishes)
    : scanFileTree(workspaceFiles(uri), wishes);
}

async function take({ uri }: WorkspaceFolder, scan: TreeScan, book: LeakBook): Promise<void> {
  const texts = new Map(
    scan.files.map(({ path, standing, finds }): [string, LookedInto] => {
      const file = Uri.joinPath(uri, path);
      const address = file.toString();
      return [address, { address, standing, finds: outsideCells(file, finds) }];
    }),
  );
  for (const text of await unsavedTexts(uri, texts)) texts.set(text.address, text);
  const root = `${uri.toString()}/`;
  if (scan.isWhole) {
    const unread = unreadPaths(uri, scan);
    book.forget(
      (address) =>
        address.startsWith(root) && !texts.has(address) && !unread.some((one) => isAtOrBelow(address, one)),
    );
  }
  book.look([...texts.values()]);
}

/** Documents below a folder that differ from their files, as they are on the screen. */
async function unsavedTexts(
  root: Uri,
  found: ReadonlyMap<string, LookedInto>,
): Promise<readonly LookedInto[]> {
  const excludes = excludesOf(leakExcludes());
  const start = `${root.path}/`;
  const isMeant = ({ uri, isDirty }: TextDocument): boolean =>
    isDirty &&
    uri.scheme === root.scheme &&
    uri.authority === root.authority &&
    uri.path.startsWith(start) &&
    !excludes.has(uri.path.slice(start.length));
  return Promise.all(
    workspace.textDocuments.filter(isMeant).map(async (document): Promise<LookedInto> => {
      const address = document.uri.toString();
      const finds = findsToTell(document.getText());
      const known = found.get(address)?.standing;
      return { address, finds, standing: known ?? (await standingNow(document, finds.length > 0)) };
    }),
  );
}

async function standingNow({ uri }: TextDocument, isNeeded: boolean): Promise<LookedInto['standing']> {
  return isNeeded ? gitStanding(uri) : 'outside';
}

/** What could not be read may hold what was found there before. */
function unreadPaths(root: Uri, { unseen }: TreeScan): readonly string[] {
  return unseen
    .filter(({ why }) => why !== 'gitFailed')
    .flatMap(({ paths, count }) =>
      count > paths.length
        ? [root.toString()]
        : paths.map((path) => (path === '.' ? root : Uri.joinPath(root, path)).toString()),
    );
}

function isAtOrBelow(address: string, place: string): boolean {
  return address === place || address.startsWith(`${place}/`);
}

/** What was not looked into in any of the folders. */
function together(folders: readonly WorkspaceFolder[], scans: readonly TreeScan[]): readonly Unseen[] {
  const nameOf = (index: number, path: string): string => {
    const folder = folders[index];
    if (!folder) return path;
    if (path === '.') return folder.name;
    return workspace.asRelativePath(Uri.joinPath(folder.uri, path));
  };
  const all = scans.flatMap(({ unseen }, index) =>
    unseen.map((one) => ({ ...one, paths: one.paths.map((path) => nameOf(index, path)) })),
  );
  const whys = new Set(all.map(({ why }) => why));
  return [...whys].map((why) => {
    const same = all.filter((one) => one.why === why);
    const count = same.reduce((sum, one) => sum + one.count, 0);
    return { why, count, paths: same.flatMap(({ paths }) => paths) };
  });
}

/** Where Git has seen to nothing, either there is no repository or there is no Git. */
async function isGitMissing(
  folders: readonly WorkspaceFolder[],
  scans: readonly TreeScan[],
): Promise<boolean> {
  const walked = folders.find(({ uri }, index) => uri.scheme === 'file' && scans[index]?.by === 'walk');
  if (!walked || !workspace.isTrusted) return false;
  const answer = await runGit(walked.uri.fsPath, ['--version'], AbortSignal.timeout(gitLimitMs), {
    untrusted: openFolders(),
  });
  return answer.kind === 'missing';
}
