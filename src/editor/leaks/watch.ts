import { Disposable } from 'vscode';
import type { Parts } from '../parts';
import { after } from '../timers';

/** VS Code shows the first editors meanwhile; in milliseconds. */
const startPauseMs = 100;

/**
 * Watches documents for keys and tells of them: problems, hovers, quick fixes. It begins a moment after the start, with
 * code that activation does not load. No text and no key is sent; once keys are found, the lists of the account in use are
 * read, to tell whose they are.
 */
export function registerLeakWatch(parts: Parts): Disposable {
  let watching: Disposable | undefined;
  let isOver = false;
  const start = after(startPauseMs, () => {
    import('./watching')
      .then(({ startWatching }) => {
        if (!isOver) watching = startWatching(parts);
      })
      .catch((error: unknown) => parts.log.error(`Documents are not watched for keys: ${String(error)}`));
  });
  return new Disposable(() => {
    isOver = true;
    start.dispose();
    watching?.dispose();
  });
}
