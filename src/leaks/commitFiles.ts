/** A file as a commit leaves it, and as it was in each of the commit's parents; blobs by id. */
export interface CommitFile {
  readonly commit: string;
  readonly path: string;
  readonly blob: string;
  readonly blobsBefore: readonly string[];
}

/**
 * Reads the output of `git diff-tree --stdin --always -r -c -z --raw`, piece by piece: for each commit its id, then its
 * files. Of a merge Git names the files alone that differ from all parents: what it did not just take over.
 */
export class CommitFileReader {
  /** Commits that Git has named, those without files included. */
  done = 0;
  private commit = '';
  private facts: readonly string[] | undefined;
  private rest: Buffer = Buffer.alloc(0);

  /** `isWanted` is asked by blob, before the path is decoded. */
  constructor(
    private readonly isWanted: (blob: string) => boolean,
    private readonly onFile: (file: CommitFile) => void,
  ) {}

  take(piece: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, piece]) : piece;
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      this.takeField(bytes, start, end);
      start = end + 1;
    }
    this.rest = bytes.subarray(start);
  }

  private takeField(bytes: Buffer, start: number, end: number): void {
    if (this.facts) {
      this.takePath(this.facts, bytes, start, end);
      this.facts = undefined;
      return;
    }
    const field = bytes.toString('latin1', start, end);
    if (field.startsWith(':')) {
      this.facts = field.split(' ');
    } else {
      this.commit = field;
      this.done += 1;
    }
  }

  /** `:` for each parent, a mode for each and one for the commit, likewise the blobs, then what happened. */
  private takePath(facts: readonly string[], bytes: Buffer, start: number, end: number): void {
    const parents = (facts.length - 3) / 2;
    const blob = facts[facts.length - 2] ?? '';
    if (!this.isWanted(blob)) return;
    const blobsBefore = facts.slice(parents + 1, 2 * parents + 1);
    // Names that are no UTF-8 get replacement characters where they are not.
    this.onFile({ commit: this.commit, path: bytes.toString('utf8', start, end), blob, blobsBefore });
  }
}
