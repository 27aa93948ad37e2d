import type { Uri } from 'vscode';
import type { FileStanding } from '../../leaks/git';
import { gitStanding } from '../secrets/gitStanding';

/** How Git sees files in which keys were found; not asked twice for the same. */
export class FileFacts {
  readonly #standings = new Map<string, Promise<FileStanding>>();

  /** How Git sees a file; remembered until {@link forget}. */
  standingOf(file: Uri): Promise<FileStanding> {
    const name = file.toString();
    const known = this.#standings.get(name);
    if (known) return known;
    const asked = gitStanding(file);
    this.#standings.set(name, asked);
    return asked;
  }

  /** Forgets how Git sees a file, or all files. */
  forget(file?: Uri): void {
    if (file) this.#standings.delete(file.toString());
    else this.#standings.clear();
  }
}
