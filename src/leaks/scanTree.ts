import { decodeText, lettersIn, mayHoldKey } from './decodeText';
import { drain } from './drain';
import { excludesOf, type Excludes } from './excludes';
import { FileSieve } from './fileSieve';
import { diskTree, type FileEntry, type FileTree } from './fileTree';
import type { FileStanding } from './git';
import { findsIn, type Find } from './seenKey';
import { ignoredOf, kindAt, searchWorkTree, type Place as GitPlace, type SearchedWorkTree } from './workTree';

/** A file with keys in it; the path is relative to the scanned folder, with `/`. */
export interface FileFinds {
  readonly path: string;
  readonly standing: FileStanding;
  readonly finds: readonly Find[];
}

/**
 * What a scan did not see, and why. `mixedEncodings` names files with a key in a part whose encoding is not that of the
 * rest: as text they do not show it. `gitFailed` names repositories (`.` = the folder's own) that Git cannot work with:
 * their files were looked at, but nothing is known of their standing. At most 20 paths.
 */
export interface Unseen {
  readonly why: 'unreadable' | 'tooLarge' | 'mixedEncodings' | 'gitFailed';
  readonly count: number;
  readonly paths: readonly string[];
}

/** What a scan has found. `isWhole` is false after a cancel: then it holds what was found until then. */
export interface TreeScan {
  /** By path. */
  readonly files: readonly FileFinds[];
  readonly unseen: readonly Unseen[];
  /** How many files were looked at. */
  readonly looked: number;
  /** Who looked: Git, the own walk, or each at some of the files. */
  readonly by: 'git' | 'walk' | 'both';
  readonly isWhole: boolean;
}

export interface TreeScanWishes {
  readonly signal: AbortSignal;
  /** Globs as in VS Code's `files.exclude`. */
  readonly exclude: readonly string[];
  /** Decodes the bytes of a file that may hold a key as VS Code would; left out: `decodeText`. */
  readonly decode?: (bytes: Uint8Array, path: string) => Promise<string>;
  /** The keys in a text that are to be told of; left out: `findsIn`. */
  readonly findsIn?: (text: string) => readonly Find[];
  readonly onProgress?: (progress: ScanProgress) => void;
  /** Folders, beside the scanned one, that may bring a `git` of their own: that is never run. */
  readonly untrusted?: readonly string[];
  /** Where `sieveWorker` has been built to: with it, the own walk of a folder on disk has threads to read in. */
  readonly sieveScript?: string | undefined;
}

/** How far a scan has come, told now and then. */
export interface ScanProgress {
  /** How many files were looked at. */
  readonly looked: number;
  /** How many more Git is going through just now; it does not say which of them it has done. */
  readonly underWay: number;
}

/** A file that is larger is not read into memory; in bytes. Git searches it all the same, and so may clear it. */
const largestFile = 10 * 1024 * 1024;

/** Progress is told whenever so many more files were looked at. */
const progressStep = 500;

const mostPaths = 20;

/** Of a directory with many files, so many are sifted as one: a scan can be told of, and stopped, in between. */
const portion = 250;

/**
 * Looks for raw keys in a folder on disk. Git searches the repositories in it, nested ones by themselves; the own walk
 * the rest, and where Git is missing or fails. `git` false: Git is never run, as in Restricted Mode.
 */
export async function scanFolder(folder: string, git: boolean, wishes: TreeScanWishes): Promise<TreeScan> {
  const { signal, sieveScript } = wishes;
  const sieve = sieveScript === undefined ? undefined : new FileSieve(sieveScript, folder);
  const stop = (): void => sieve?.dispose();
  signal.addEventListener('abort', stop);
  try {
    const scan = new Scan(diskTree(folder, sieve), wishes, git ? folder : undefined);
    await scan.start();
    return scan.outcome();
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** Looks for raw keys in any tree of files by the own walk; every standing is `outside`. */
export async function scanFileTree(tree: FileTree, wishes: TreeScanWishes): Promise<TreeScan> {
  const scan = new Scan(tree, wishes, undefined);
  await scan.start();
  return scan.outcome();
}

class Scan {
  private readonly excludes: Excludes;
  private readonly files: FileFinds[] = [];
  private readonly unseen = new Map<Unseen['why'], string[]>();
  private readonly counts = new Map<Unseen['why'], number>();
  private readonly ways = new Set<'git' | 'walk'>();
  /** The directories of repositories that Git has searched. */
  private readonly searched = new Set<string>();
  private looked = 0;
  private told = 0;

  /** `gitFolder`: where the tree lies on disk, when Git may be run. */
  constructor(
    private readonly tree: FileTree,
    private readonly wishes: TreeScanWishes,
    private readonly gitFolder: string | undefined,
  ) {
    this.excludes = excludesOf(wishes.exclude);
  }

  async start(): Promise<void> {
    if (!(await this.searchByGit(''))) await this.walk('');
  }

  outcome(): TreeScan {
    const unseen = [...this.unseen].map(([why, paths]) => ({ why, paths, count: this.counts.get(why) ?? 0 }));
    return {
      files: this.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
      unseen,
      looked: this.looked,
      by: this.ways.size === 2 ? 'both' : this.ways.has('git') ? 'git' : 'walk',
      isWhole: !this.wishes.signal.aborted,
    };
  }

  /**
   * False when there is no repository at the directory, or Git cannot work with it.
   *
   * @param isSure whether a repository that fails is to be told of.
   */
  private async searchByGit(directory: string, isSure = true): Promise<boolean> {
    const { gitFolder, excludes } = this;
    const { signal } = this.wishes;
    if (gitFolder === undefined) return false;
    if (this.searched.has(directory)) return true;
    const onListed = (files: number): void =>
      this.wishes.onProgress?.({ looked: this.looked, underWay: files });
    const { pathspecs } = excludes;
    const found = await searchWorkTree({ ...this.placeOfGit(gitFolder, directory), pathspecs, onListed });
    if (found.kind !== 'searched') {
      if (found.kind === 'failed' && isSure && !signal.aborted) this.note('gitFailed', directory || '.');
      return false;
    }
    this.ways.add('git');
    this.searched.add(directory);
    this.count(found.cleared);
    for (const path of found.unreadable.map((name) => pathOf(directory, name))) {
      if (!excludes.has(path)) this.note('unreadable', path);
    }
    await this.lookAtMatches(gitFolder, directory, found);
    const submodules = await directoriesAt(
      gitFolder,
      found.submodules.map((name) => pathOf(directory, name)),
    );
    await this.visitNested([...found.nested.map((name) => pathOf(directory, name)), ...submodules]);
    for (const path of found.hidden.map((name) => pathOf(directory, name))) {
      if (!excludes.has(path)) await this.searchByGit(path, false);
    }
    return true;
  }

  private placeOfGit(folder: string, directory: string): GitPlace {
    const { signal, untrusted = [] } = this.wishes;
    return { folder, untrusted, directory, signal };
  }

  /** One after the other: each keeps the machine busy. */
  private async visitNested(directories: readonly string[]): Promise<void> {
    for (const directory of directories) {
      if (this.excludes.has(directory) || this.wishes.signal.aborted) continue;
      if (!(await this.searchByGit(directory))) await this.walk(directory);
    }
  }

  /** Reads the files in which Git has found something, and asks it how it sees what holds keys. */
  private async lookAtMatches(
    folder: string,
    directory: string,
    { matches }: SearchedWorkTree,
  ): Promise<void> {
    const { signal } = this.wishes;
    const withKeys = new Map<string, readonly Find[]>();
    await drain([...matches.keys()], signal, async (name) => {
      const path = pathOf(directory, name);
      if (this.excludes.has(path)) return;
      const finds = await this.look(path, async () => (await kindAt(folder, path)) === 'file');
      if (finds.length > 0) withKeys.set(name, finds);
    });
    const untracked = [...withKeys.keys()].filter((name) => matches.get(name) !== 'tracked');
    const ignored = await ignoredOf(this.placeOfGit(folder, directory), untracked);
    for (const [name, finds] of withKeys) {
      const isTracked = matches.get(name) === 'tracked';
      const standing = isTracked ? 'tracked' : ignored.has(name) ? 'ignored' : 'untracked';
      this.files.push({ path: pathOf(directory, name), standing, finds });
    }
  }

  /** The own walk from a directory on; repositories that it meets are left to Git. */
  private async walk(from: string): Promise<void> {
    const repositories: string[] = [];
    await drain<Place>([{ path: from, kind: 'directory' }], this.wishes.signal, async (place, further) => {
      if (place.kind === 'file') {
        this.ways.add('walk');
        const finds = await this.look(place.path);
        if (finds.length > 0) this.files.push({ path: place.path, standing: 'outside', finds });
        return;
      }
      const entries = await this.list(place.path);
      const isRepository = entries.some(({ name }) => name === '.git');
      if (isRepository && place.path !== from && this.gitFolder !== undefined) repositories.push(place.path);
      else further(await this.sifted(entries.flatMap((entry) => this.placeOf(place.path, entry))));
    });
    await this.visitNested(repositories);
  }

  /** Without the files in which there is nothing, where those can be told quickly. */
  private async sifted(places: readonly Place[]): Promise<readonly Place[]> {
    const files = places.filter(({ kind }) => kind === 'file').map(({ path }) => path);
    if (!this.tree.sift || files.length === 0) return places;
    const left = new Set<string>();
    await Promise.all(
      portionsOf(files).map(async (some) => {
        const unclear = (await this.tree.sift?.(some, largestFile)) ?? some;
        // Nothing more is told of a scan that was cancelled.
        if (this.wishes.signal.aborted) return;
        unclear.forEach((path) => left.add(path));
        this.count(some.length - unclear.length);
      }),
    );
    this.ways.add('walk');
    return places.filter(({ kind, path }) => kind === 'directory' || left.has(path));
  }

  private async list(directory: string): Promise<readonly FileEntry[]> {
    try {
      return await this.tree.list(directory);
    } catch {
      this.note('unreadable', directory || '.');
      return [];
    }
  }

  private placeOf(directory: string, { name, kind }: FileEntry): readonly Place[] {
    const path = pathOf(directory, name);
    if (kind === 'link' || name === '.git' || this.excludes.has(path)) return [];
    return [{ path, kind }];
  }

  /** The keys in a file. One that has gone meanwhile has none. */
  private async look(path: string, isMeant = () => Promise.resolve(true)): Promise<readonly Find[]> {
    try {
      const bytes = (await isMeant()) ? await this.tree.read(path, largestFile) : undefined;
      if (bytes === undefined) return [];
      if (bytes === 'tooLarge') {
        this.note('tooLarge', path);
        return [];
      }
      this.count(1);
      if (!mayHoldKey(bytes)) return [];
      const { decode = decodeText, findsIn: keysIn = findsIn } = this.wishes;
      const finds = keysIn(await decode(bytes, path));
      const fingerprints = new Set(finds.map(({ key }) => key.fingerprint));
      if (keysIn(lettersIn(bytes)).some(({ key }) => !fingerprints.has(key.fingerprint)))
        this.note('mixedEncodings', path);
      return finds;
    } catch (error) {
      if (!hasGone(error, path)) this.note('unreadable', path);
      return [];
    }
  }

  private count(more: number): void {
    this.looked += more;
    if (this.looked < this.told + progressStep) return;
    this.told = this.looked;
    this.wishes.onProgress?.({ looked: this.looked, underWay: 0 });
  }

  private note(why: Unseen['why'], path: string): void {
    const paths = this.unseen.get(why) ?? [];
    if (paths.length < mostPaths) this.unseen.set(why, [...paths, path]);
    this.counts.set(why, (this.counts.get(why) ?? 0) + 1);
  }
}

/** What the walk still has to visit. */
interface Place {
  readonly path: string;
  readonly kind: 'file' | 'directory';
}

function portionsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / portion);
  return Array.from({ length: count }, (_, index) => items.slice(index * portion, (index + 1) * portion));
}

function pathOf(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** Those paths at which a directory lies. */
async function directoriesAt(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const kinds = await Promise.all(paths.map((path) => kindAt(folder, path).catch(() => 'other')));
  return paths.filter((_, index) => kinds[index] === 'directory');
}

/** Whether a file was not there any more. A name that is no UTF-8 cannot be asked for, which looks alike. */
function hasGone(error: unknown, path: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (code === 'ENOENT' || code === 'FileNotFound') && !path.includes('\uFFFD');
}
