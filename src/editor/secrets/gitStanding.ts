import { basename, dirname } from 'node:path';
import { l10n, Uri, workspace } from 'vscode';
import { isInNoRepository, standingOf, type FileStanding } from '../../leaks/git';
import { gitignoreChange } from '../../leaks/gitignore';
import { standingsOf } from '../../leaks/standings';
import { notify } from '../notify';
import { openFolders } from '../openFolders';
import { asPlainText } from '../words';
import { placeName, type Offer } from './placing';
import { changeText } from './textFile';

const gitLimitMs = 10_000;
/** For files of many repositories. */
const manyLimitMs = 60_000;

/** How Git sees a file; `outside` also where Git is not asked: in Restricted Mode and in virtual workspaces. */
export async function gitStanding({ scheme, fsPath }: Uri): Promise<FileStanding> {
  if (scheme !== 'file' || !workspace.isTrusted) return 'outside';
  const limit = AbortSignal.timeout(gitLimitMs);
  return standingOf(dirname(fsPath), basename(fsPath), limit, openFolders());
}

/** As {@link gitStanding}, for many files, by their addresses; without those that Git was too slow for. */
export async function gitStandings(files: readonly Uri[]): Promise<ReadonlyMap<string, FileStanding>> {
  const isAsked = ({ scheme }: Uri): boolean => scheme === 'file' && workspace.isTrusted;
  const paths = files.filter(isAsked).map(({ fsPath }) => fsPath);
  const told = await standingsOf(paths, AbortSignal.timeout(manyLimitMs), openFolders());
  return new Map(
    files.flatMap((file) => {
      const standing = isAsked(file) ? told.get(file.fsPath) : 'outside';
      return standing ? [[file.toString(), standing] as const] : [];
    }),
  );
}

/** Whether it is known that a file is in no repository; false also where Git is not asked or fails. */
export async function isOutsideGit({ scheme, fsPath }: Uri): Promise<boolean> {
  if (scheme !== 'file' || !workspace.isTrusted) return false;
  return isInNoRepository(dirname(fsPath), AbortSignal.timeout(gitLimitMs), openFolders());
}

/** The button that adds a file to the `.gitignore` beside it, and says whether Git ignores it then. */
export function offerToIgnore(uri: Uri): Offer {
  return { title: l10n.t('Add to .gitignore'), act: () => ignore(uri) };
}

async function ignore(uri: Uri): Promise<void> {
  const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
  const changed = await changeText(Uri.joinPath(uri, '..', '.gitignore'), (text) =>
    gitignoreChange(text, name),
  );
  const isIgnored = changed.ok && (await gitStanding(uri)) === 'ignored';
  const said = isIgnored
    ? l10n.t('Git ignores {0} now.', placeName(uri))
    : l10n.t('Git still does not ignore {0}.', placeName(uri));
  const message = changed.ok ? said : `${said} ${asPlainText(changed.failure)}`;
  await notify({ level: isIgnored ? 'info' : 'warn', message, actions: [] });
}
