import { holdsRawKey, maskRawKey } from '../omi/rawKey';
import { splitAt, type AskGit } from './git';

/** So many branches are named of those that hold a commit. */
const mostBranches = 5;

/**
 * Which remote branches hold each of some commits, as the last fetch or push left them; commits that none holds are
 * missing. `noRemote` when the repository follows no remote branch. One walk through the history, however many commits
 * are asked for. Tags are not looked at: whether a remote has a tag is known to the remote alone.
 */
export async function remoteBranches(
  ask: AskGit,
  commits: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]> | 'noRemote' | 'failed'> {
  const tips = await tipsOf(ask);
  if (!tips) return 'failed';
  if (tips.size === 0) return 'noRemote';
  const walk = new BranchWalk(tips, commits);
  const args = ['rev-list', '--topo-order', '--parents', '--ignore-missing', '--stdin'];
  const input = [...tips.keys()].join('\n');
  const answer = await ask(args, { input, onOutput: splitAt('\n', (line) => walk.take(line)) });
  return answer.kind === 'answered' && answer.code === 0 ? walk.found : 'failed';
}

interface Branch {
  readonly rank: number;
  readonly name: string;
}

/** Hands the branches that hold a commit on to its parents. Expects children before parents. */
class BranchWalk {
  readonly found = new Map<string, readonly string[]>();
  private readonly pending = new Map<string, readonly Branch[]>();

  constructor(
    private readonly tips: ReadonlyMap<string, readonly Branch[]>,
    private readonly wanted: ReadonlySet<string>,
  ) {}

  /** A commit and its parents. */
  take(line: string): void {
    const [commit = '', ...parents] = line.split(' ');
    const branches = joined(this.pending.get(commit), this.tips.get(commit));
    this.pending.delete(commit);
    if (this.wanted.has(commit)) {
      this.found.set(
        commit,
        branches.map(({ name }) => name),
      );
    }
    for (const parent of parents) this.pending.set(parent, joined(this.pending.get(parent), branches));
  }
}

/** The first few of both, by rank. What both leave out is behind what they keep, so nothing is lost by doing it often. */
function joined(some: readonly Branch[] | undefined, more: readonly Branch[] | undefined): readonly Branch[] {
  if (!some || !more || some === more) return some ?? more ?? [];
  return [...new Set([...some, ...more])].sort((one, other) => one.rank - other.rank).slice(0, mostBranches);
}

/** The commits at which remote branches stand; the remote's main branch ranks first. */
async function tipsOf(ask: AskGit): Promise<Map<string, Branch[]> | undefined> {
  const format = '%(objectname) %(refname) %(symref)';
  const answer = await ask(['for-each-ref', `--format=${format}`, ...(await followedRefs(ask))]);
  if (answer.kind === 'missing' || answer.code !== 0) return undefined;
  const rows = answer.output.split('\n').map((line) => line.split(' '));
  const mains = new Set(rows.map(([, , symref]) => symref).filter((symref) => symref));
  const tips = new Map<string, Branch[]>();
  for (const [index, [id = '', ref = '', symref]] of rows.entries()) {
    if (id === '' || symref || ref === 'refs/stash') continue;
    const name = maskRawKey(ref.replace(/^refs\/(?:remotes|heads)\//, ''));
    const branch = { rank: mains.has(ref) ? index - rows.length : index, name };
    const branches = tips.get(id);
    if (branches) branches.push(branch);
    else tips.set(id, [branch]);
  }
  for (const branches of tips.values()) {
    branches.sort((one, other) => one.rank - other.rank);
    branches.splice(mostBranches);
  }
  return tips;
}

/** Where refs of remotes are kept: `refs/remotes`, and wherever else fetches put them, as into `refs` of a mirror. */
async function followedRefs(ask: AskGit): Promise<readonly string[]> {
  const answer = await ask(['config', '--null', '--get-regexp', '^remote\\..*\\.fetch$']);
  const output = answer.kind === 'answered' && answer.code === 0 ? answer.output : '';
  const targets = output
    .split('\0')
    .map((entry) => /:(refs(?:\/[^*?[\\\n:]+)?)(?:\/\*)?$/.exec(entry)?.[1] ?? '');
  const usable = targets.filter((target) => target !== '' && target !== 'refs/tags' && !holdsRawKey(target));
  return [...new Set(['refs/remotes', ...usable])];
}
