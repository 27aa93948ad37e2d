import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { maskRawKey } from '../omi/rawKey';
import type { CommitFile } from './commitFiles';
import { gitIn, isInNoRepository, type AskGit } from './git';
import { remoteBranches } from './remoteBranches';
import { historyPlace } from './repositories';
import { RepositoryHistory } from './repositoryHistory';
import type { SeenKey } from './seenKey';

/** A commit that brings a key into a file. One that moves the file brings it to the file's new name. */
export interface HistoryFind {
  readonly key: SeenKey;
  readonly commit: string;
  /** Where the history lies: work trees of one repository share it. */
  readonly repository: string;
  /** As the commit has it, not as a `.mailmap` would. Raw keys are masked here and in `path` and `branches`. */
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly authoredAt: number;
  /** Relative to the repository's root, with `/`; '' = the commit itself: its message or a name in it. */
  readonly path: string;
  /** Whether a remote branch holds the commit, as far as the last fetch or push tells. */
  readonly isPublished: boolean;
  /** Remote branches that hold the commit, at most five, such as `origin/main`. */
  readonly branches: readonly string[];
}

/**
 * What a scan could not see or tell: `shallow`: the history is cut off (a shallow clone, grafts); `partial`: a clone
 * that leaves files on the server, which are not fetched; `noRemote`: something was found, and whether
 * it is published cannot be told;
 * `cancelled`; `gitFailed`: Git refused; `unreadableObjects`: the repository is damaged, or lacks objects.
 */
export type HistoryLimit =
  'shallow' | 'partial' | 'noRemote' | 'cancelled' | 'gitFailed' | 'unreadableObjects';

export type HistoryScan =
  | {
      readonly kind: 'scanned';
      /** The repository's folder; of a bare one its Git directory. */
      readonly root: string;
      /** Where its history lies; undefined when a cancel came before that was known, or Git refused to say. */
      readonly repository: string | undefined;
      /** Newest first, by author date. */
      readonly finds: readonly HistoryFind[];
      /** How many commits the history has; with a few `paths` those alone that changed one of the files. */
      readonly commits: number;
      readonly limits: readonly HistoryLimit[];
    }
  | { readonly kind: 'noGit' }
  | { readonly kind: 'noRepository' };

export interface HistoryWishes {
  readonly signal: AbortSignal;
  /** Only these files, relative to the folder, by these very names; not the messages of commits. */
  readonly paths?: readonly string[];
  /** Commits that the work done so far amounts to. */
  readonly onProgress?: (commits: number) => void;
  /** Folders, beside the scanned one, that may bring a `git` of their own: that is never run. */
  readonly untrusted?: readonly string[];
}

/**
 * Looks for raw keys in every commit that a branch, a remote branch, a tag, a stash or a checkout leads to. First every
 * version of every file is read once, then the commits that brought those with keys are sought: far less work than to
 * compare all versions. Nothing is fetched, no program of the repository is run, and no key stands in an argument.
 *
 * Not seen: commits that nothing leads to any more (a dropped branch), what lies in submodules, the texts of annotated
 * tags, and keys in files that are compressed or encrypted.
 */
export async function scanHistory(folder: string, wishes: HistoryWishes): Promise<HistoryScan> {
  const { signal, untrusted } = wishes;
  // What counts is what is pushed: the commits as they are, not what replaces them here.
  const whole = ['--no-replace-objects', '--literal-pathspecs'];
  const git = gitIn(folder, signal, untrusted);
  const ask: AskGit = (args, question) => git([...whole, ...args], question);
  const repository = await repositoryOf(ask);
  const nothing = { kind: 'scanned', root: folder, repository: undefined, finds: [], commits: 0 } as const;
  if (signal.aborted) return { ...nothing, limits: ['cancelled'] };
  if (repository === 'missing') return { kind: (await isFolder(folder)) ? 'noGit' : 'noRepository' };
  if (repository !== 'refused') return new Scan(ask, wishes, repository).run();
  // Another owner of the folder, or a damaged configuration: there is a history, which nobody has searched.
  const isNone = await isInNoRepository(folder, signal, untrusted);
  return isNone ? { kind: 'noRepository' } : { ...nothing, limits: ['gitFailed'] };
}

interface Repository {
  readonly root: string;
  readonly common: string;
  /** Where the folder lies in it: '' or `sub/`. */
  readonly prefix: string;
  readonly limits: readonly HistoryLimit[];
}

async function repositoryOf(ask: AskGit): Promise<Repository | 'refused' | 'missing'> {
  const line = async (...question: readonly string[]): Promise<string | undefined> => {
    const answer = await ask(question);
    return answer.kind === 'answered' && answer.code === 0 ? answer.output.replace(/\r?\n$/, '') : undefined;
  };
  const directory = await ask(['rev-parse', '--absolute-git-dir']);
  if (directory.kind === 'missing') return 'missing';
  if (directory.code !== 0) return 'refused';
  const gitDirectory = directory.output.replace(/\r?\n$/, '');
  const common = (await historyPlace(ask)) ?? gitDirectory;
  const isCut = (await line('rev-parse', '--is-shallow-repository')) === 'true';
  const promises = await line(
    'config',
    '--get-regexp',
    '^(extensions\\.partialclone|remote\\..*\\.promisor)$',
  );
  const isShallow = isCut || (await isThere(join(common, 'info', 'grafts')));
  return {
    // There is no top level in a bare repository.
    root: (await line('rev-parse', '--show-toplevel')) ?? gitDirectory,
    common,
    prefix: (await line('rev-parse', '--show-prefix')) ?? '',
    limits: [
      ...(isShallow ? ['shallow' as const] : []),
      ...(promises !== undefined ? ['partial' as const] : []),
    ],
  };
}

/** A find before anything is known of its commit. */
type BareFind = Pick<HistoryFind, 'key' | 'commit' | 'path'>;

/** One scan, with what it has found out so far. */
class Scan {
  /** Newest first. */
  commits: readonly string[] = [];
  private readonly limits: Set<HistoryLimit>;
  private readonly history: RepositoryHistory;
  /** Keys by the blobs and by the commits that hold them. */
  private readonly blobs = new Map<string, readonly SeenKey[]>();
  private readonly messages = new Map<string, readonly SeenKey[]>();

  constructor(
    private readonly ask: AskGit,
    private readonly wishes: HistoryWishes,
    private readonly repository: Repository,
  ) {
    this.history = new RepositoryHistory(ask);
    this.limits = new Set(repository.limits);
  }

  async run(): Promise<HistoryScan> {
    const { signal, paths, onProgress } = this.wishes;
    if (paths?.length !== 0) this.commits = await this.history.commits(paths);
    const finds = await this.tellApart(paths ? await this.findIn(paths) : await this.findAnywhere());
    if (signal.aborted) this.limits.add('cancelled');
    else onProgress?.(this.commits.length);
    if (!this.history.isWhole && !signal.aborted) this.limits.add('unreadableObjects');
    const { root, common } = this.repository;
    const [commits, limits] = [this.commits.length, [...this.limits]];
    return { kind: 'scanned', root, repository: common, finds, commits, limits };
  }

  private async findAnywhere(): Promise<readonly BareFind[]> {
    await this.readKeys(await this.history.objects());
    const messages = this.commits.flatMap((commit) =>
      (this.messages.get(commit) ?? []).map((key) => ({ key, commit, path: '' })),
    );
    if (this.blobs.size === 0) return messages;
    const files: CommitFile[] = [];
    const isWanted = (blob: string): boolean => this.blobs.has(blob);
    await this.history.files(this.commits, isWanted, (file) => files.push(file));
    const brought = this.broughtBy(files);
    if (brought.length > 0 || this.history.isWhole) return [...brought, ...messages];
    await this.history.filesOfHead(isWanted, (file) => files.push(file));
    return [...this.broughtBy(files), ...messages];
  }

  private async findIn(paths: readonly string[]): Promise<readonly BareFind[]> {
    const names = new Set(paths.map((path) => posix.join(this.repository.prefix, path)));
    const files: CommitFile[] = [];
    await this.history.files(
      this.commits,
      (blob) => !isNone(blob),
      (file) => names.has(file.path) && files.push(file),
    );
    const blobs = new Set(files.flatMap(({ blob, blobsBefore }) => [blob, ...blobsBefore]));
    // Asked for an object that a partial clone lacks, Git would try to fetch it: it is asked for those that are there.
    const there = this.limits.has('partial') ? new Set(await this.history.objects()) : blobs;
    await this.readKeys([...blobs].filter((blob) => !isNone(blob) && there.has(blob)));
    return this.broughtBy(files);
  }

  private async readKeys(objects: readonly string[]): Promise<void> {
    const { onProgress } = this.wishes;
    let told = 0;
    await this.history.keyed(
      objects,
      ({ id, kind, keys }) => (kind === 'blob' ? this.blobs : this.messages).set(id, keys),
      (done) => {
        const commits = Math.floor((this.commits.length * done) / objects.length);
        if (commits > told) onProgress?.((told = commits));
      },
    );
  }

  /** What a commit's version of a file holds, and no version before it. */
  private broughtBy(files: readonly CommitFile[]): readonly BareFind[] {
    return files.flatMap(({ commit, path, blob, blobsBefore }) => {
      const before = new Set(
        blobsBefore.flatMap((one) => this.blobs.get(one) ?? []).map((key) => key.fingerprint),
      );
      const brought = (this.blobs.get(blob) ?? []).filter((key) => !before.has(key.fingerprint));
      return brought.map((key) => ({ key, commit, path: maskRawKey(path) }));
    });
  }

  /** Adds who wrote the commits, when, and where they have got to. */
  private async tellApart(bare: readonly BareFind[]): Promise<readonly HistoryFind[]> {
    const commits = new Set(bare.map(({ commit }) => commit));
    if (commits.size === 0) return [];
    const authorship = await this.history.authorship([...commits]);
    const published = await remoteBranches(this.ask, commits);
    // What a cancel has left in the dark is not told as if it were known.
    if (this.wishes.signal.aborted) return [];
    if (published === 'noRemote' || published === 'failed') this.limits.add('noRemote');
    if (published === 'failed') this.limits.add('gitFailed');
    const repository = this.repository.common;
    const finds = bare.map((find) => {
      const { author, authoredAt } = authorship.get(find.commit) ?? { author: '', authoredAt: 0 };
      const branches = typeof published === 'string' ? [] : (published.get(find.commit) ?? []);
      return {
        ...find,
        repository,
        author: maskRawKey(author),
        authoredAt,
        branches,
        isPublished: branches.length > 0,
      };
    });
    return finds.sort((one, other) => other.authoredAt - one.authoredAt);
  }
}

/** Whether an id stands for a file that is not there. */
function isNone(blob: string): boolean {
  return /^0+$/.test(blob);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
