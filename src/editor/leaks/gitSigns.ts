import { Disposable, window, workspace, type Event, type Uri } from 'vscode';
import { after } from '../timers';

/** Git writes several files for one act; in milliseconds. */
const restMs = 500;

/** Where a commit, a push or an ignored file leaves its mark. */
const marks = '**/{.gitignore,.git/{index,HEAD,packed-refs,logs/HEAD,refs/**}}';

/**
 * Tells when Git may see files otherwise than before: a `.gitignore` or something of the repository has changed, the
 * person is back from another window, or the workspace is trusted now. Waits until the listener is done with the last.
 *
 * @param elsewhere tells of repositories that lie in no open folder.
 */
export function onGitSigns(listener: () => Promise<void>, elsewhere: Event<void>): Disposable {
  let rest: { dispose(): void } | undefined;
  let isWorking = false;
  const tell = (): void => {
    rest?.dispose();
    rest = after(restMs, () => void act());
  };
  const act = async (): Promise<void> => {
    // What is asked now may miss what has just changed.
    if (isWorking) {
      tell();
      return;
    }
    isWorking = true;
    try {
      await listener();
    } finally {
      isWorking = false;
    }
  };
  const tellOf = (uris: readonly Uri[]): void => {
    if (uris.some(({ path }) => path.endsWith('/.gitignore'))) tell();
  };
  const watcher = workspace.createFileSystemWatcher(marks);
  return Disposable.from(
    ...[watcher, watcher.onDidChange(tell), watcher.onDidCreate(tell), watcher.onDidDelete(tell)],
    elsewhere(tell),
    workspace.onDidSaveTextDocument(({ uri }) => tellOf([uri])),
    workspace.onDidCreateFiles(({ files }) => tellOf(files)),
    workspace.onDidDeleteFiles(({ files }) => tellOf(files)),
    workspace.onDidGrantWorkspaceTrust(tell),
    window.onDidChangeWindowState(({ focused }) => {
      if (focused) tell();
    }),
    new Disposable(() => rest?.dispose()),
  );
}
