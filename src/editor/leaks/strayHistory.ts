import { realpath } from 'node:fs/promises';
import { workspace } from 'vscode';
import { gitIn, isInNoRepository, isInside } from '../../leaks/git';
import type { LeakBook } from '../../leaks/leakBook';
import { byRepository, historyPlace } from '../../leaks/repositories';
import { openFolders } from '../openFolders';
import { pathOfText } from './watchedText';

const gitLimitMs = 60_000;

/**
 * Forgets the commits of repositories in which neither an open folder lies nor a file in which a key stands, and that do
 * not lie in an open folder themselves. Where Git cannot tell, nothing is forgotten.
 */
export async function forgetStrayHistory(book: LeakBook): Promise<void> {
  const known = [...book.repositories];
  if (known.length === 0 || !workspace.isTrusted) return;
  const open = openFolders();
  const folders = (await Promise.all(open.map((folder) => realpath(folder).catch(() => [])))).flat();
  const files = book.addresses.map(pathOfText).filter((path) => path !== undefined);
  const signal = AbortSignal.timeout(gitLimitMs);
  const kept = new Set<string>();
  for (const place of [...folders, ...(await byRepository(files)).keys()]) {
    if (place === undefined) continue;
    const history = await historyPlace(gitIn(place, signal, open));
    if (history !== undefined) kept.add(history);
    else if (!(await isInNoRepository(place, signal, open))) return;
  }
  // A folder may have come back.
  if (openFolders().join('\n') !== open.join('\n')) return forgetStrayHistory(book);
  const isStray = (place: string): boolean =>
    !kept.has(place) && !folders.some((folder) => isInside(folder, place));
  book.replaceHistory([], new Set(known.filter(isStray)));
}
