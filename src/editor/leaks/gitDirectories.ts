import { join } from 'node:path';
import { Disposable, EventEmitter, RelativePattern, Uri, workspace } from 'vscode';
import type { AskGit } from '../../leaks/git';

/**
 * Watches the Git directories of repositories: those of a package below its repository and of a linked work tree lie in
 * no open folder, where VS Code would watch them by itself.
 */
export class GitDirectories {
  readonly #watchers = new Map<string, Disposable>();
  readonly #changes = new EventEmitter<void>();

  /** Tells when a commit, a push or the like may have left its mark. */
  readonly onDidChange = this.#changes.event;

  /** Watches those of the repository that a folder is in, once. Git is asked in that folder. */
  async watch(folder: string, ask: AskGit): Promise<void> {
    if (this.#watchers.has(folder)) return;
    const answer = await ask(['rev-parse', '--path-format=absolute', '--git-dir', '--git-common-dir']);
    if (answer.kind === 'missing' || answer.code !== 0) return;
    const directories = new Set(answer.output.split(/\r?\n/).filter(Boolean));
    const watchers = [...directories].flatMap((directory) => [
      this.#watcher(Uri.file(directory), '{index,HEAD,packed-refs}'),
      this.#watcher(Uri.file(join(directory, 'refs')), '**'),
    ]);
    this.#watchers.set(folder, Disposable.from(...watchers));
  }

  /** Watches none any more. */
  clear(): void {
    this.#watchers.forEach((watcher) => void watcher.dispose());
    this.#watchers.clear();
  }

  dispose(): void {
    this.clear();
    this.#changes.dispose();
  }

  #watcher(directory: Uri, pattern: string): Disposable {
    const watcher = workspace.createFileSystemWatcher(new RelativePattern(directory, pattern));
    const tell = (): void => this.#changes.fire();
    return Disposable.from(
      ...[watcher, watcher.onDidChange(tell), watcher.onDidCreate(tell), watcher.onDidDelete(tell)],
    );
  }
}
