import { env, l10n } from 'vscode';
import type { OmiFailure } from '../../omi/errors';
import type { Exposure, Life } from '../../leaks/judgement';
import type { Unseen } from '../../leaks/scanTree';
import { wordsForFailure } from '../failures';
import { asPlainText } from '../words';
import type { KeyLeak } from './keyLeaks';
import type { WorkspaceScan } from './workspaceScan';

/** What else is to be known for the summing up. */
export interface ScanSurroundings {
  /** Whose lists tell which keys are whose; undefined while nobody is signed in. */
  readonly accountId: string | undefined;
  /** Why lists could not be read. */
  readonly unreadLists: readonly OmiFailure[];
  readonly isTrusted: boolean;
}

export interface ScanReport {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
}

/** Sums up a scan of the workspace: what was found, the worst first, and what is not known. `leaks`: the worst first. */
export function reportScan(
  scan: WorkspaceScan,
  leaks: readonly KeyLeak[],
  surroundings: ScanSurroundings,
): ScanReport {
  const found = leaks.filter(({ places }) => places.length > 0);
  const sentences = [
    foundSentence(found, scan),
    worstSentence(found),
    found.length > 0 ? ownersSentence(found, surroundings) : '',
    ...scan.unseen.map(unseenSentence),
    found.length > 0 ? gitSentence(scan, surroundings) : '',
  ];
  const isPartial = !scan.isWhole || scan.unseen.length > 0;
  const [worst] = found;
  const isLoud = worst?.judgement.severity === 'error';
  const isWarning = isPartial || worst?.judgement.severity === 'warning';
  return {
    level: isLoud ? 'error' : isWarning ? 'warn' : 'info',
    message: sentences.filter(Boolean).join(' '),
  };
}

/** A count in VS Code's display language. */
function counted(count: number): string {
  return count.toLocaleString(env.language);
}

function foundSentence(found: readonly KeyLeak[], { looked, isWhole }: WorkspaceScan): string {
  const files = looked === 1 ? l10n.t('1 file') : l10n.t('{0} files', counted(looked));
  const places = found.reduce((sum, leak) => sum + leak.places.length, 0);
  if (places === 0) {
    return isWhole
      ? l10n.t('No API key was found in {0}.', files)
      : l10n.t('Cancelled. No API key was found in the {0} looked at so far.', files);
  }
  const keys = found.length === 1 ? l10n.t('1 API key') : l10n.t('{0} API keys', counted(found.length));
  const at = places === 1 ? l10n.t('1 place') : l10n.t('{0} places', counted(places));
  return isWhole
    ? l10n.t('Found {0} at {1}; {2} searched.', keys, at, files)
    : l10n.t('Cancelled. Found so far: {0} at {1}; {2} searched.', keys, at, files);
}

/** How many keys are as badly off as the worst. */
function worstSentence(found: readonly KeyLeak[]): string {
  const [worst] = found;
  if (!worst) return '';
  const { exposure, life } = worst.judgement;
  const count = found.filter(
    ({ judgement }) => judgement.exposure === exposure && isAlike(judgement.life, life),
  ).length;
  if (life === 'dead') return found.length === 1 ? l10n.t('It is dead.') : l10n.t('All of them are dead.');
  const isAlive = life !== 'unknown';
  if (count === 1) {
    const where = whereOne(exposure);
    return isAlive
      ? l10n.t('1 live key is {0}.', where)
      : l10n.t('1 key is {0}; it is not known whether it is alive.', where);
  }
  const where = whereMany(exposure);
  return isAlive
    ? l10n.t('{0} live keys are {1}.', counted(count), where)
    : l10n.t('{0} keys are {1}; it is not known whether they are alive.', counted(count), where);
}

/** Alive is alive, in whatever account. */
function isAlike(one: Life, other: Life): boolean {
  const plain = (life: Life): Life => (life === 'otherAccount' ? 'alive' : life);
  return plain(one) === plain(other);
}

function whereOne(exposure: Exposure): string {
  switch (exposure) {
    case 'published':
      return l10n.t('in a pushed commit');
    case 'committed':
      return l10n.t('in a commit that is not pushed');
    case 'tracked':
      return l10n.t('in a file that Git tracks or would add');
    case 'ignored':
      return l10n.t('in a file that is kept out by .gitignore');
    case 'outside':
      return l10n.t('in a file that Git does not see');
  }
}

function whereMany(exposure: Exposure): string {
  switch (exposure) {
    case 'published':
      return l10n.t('in pushed commits');
    case 'committed':
      return l10n.t('in commits that are not pushed');
    case 'tracked':
      return l10n.t('in files that Git tracks or would add');
    case 'ignored':
      return l10n.t('in files that are kept out by .gitignore');
    case 'outside':
      return l10n.t('in files that Git does not see');
  }
}

/** Whose the keys are, or why that is not known. */
export function ownersSentence(
  found: readonly KeyLeak[],
  { accountId, unreadLists }: Pick<ScanSurroundings, 'accountId' | 'unreadLists'>,
): string {
  if (accountId === undefined) return l10n.t('Nobody is signed in, so whose they are is not known.');
  const [failure] = unreadLists;
  if (failure) {
    const why = wordsForFailure(failure)?.sentence ?? '';
    return `${l10n.t('Not all lists of API keys could be read, so whose they are is not sure.')} ${why}`.trim();
  }
  const strangers = found.filter(
    ({ judgement }) => !judgement.owners.some((owner) => owner.accountId === accountId),
  ).length;
  if (strangers === 0) return '';
  return strangers === 1
    ? l10n.t('1 is not in this account.')
    : l10n.t('{0} are not in this account.', counted(strangers));
}

/** A notification has room for so many names. */
const mostNames = 3;

function unseenSentence({ why, count, paths }: Unseen): string {
  const names = paths.slice(0, mostNames).map((path) => asPlainText(path));
  const list = count > names.length ? `${names.join(', ')}, …` : names.join(', ');
  switch (why) {
    case 'unreadable':
      return count === 1
        ? l10n.t('Not looked into, since it could not be read: {0}.', list)
        : l10n.t('{0} were not looked into, since they could not be read: {1}.', counted(count), list);
    case 'tooLarge':
      return count === 1
        ? l10n.t('Not looked into, since it is too large: {0}.', list)
        : l10n.t('{0} were not looked into, since they are too large: {1}.', counted(count), list);
    case 'mixedEncodings':
      return count === 1
        ? l10n.t(
            'An API key is in a part of {0} whose encoding is not that of the rest: an editor does not show it.',
            list,
          )
        : l10n.t(
            'API keys are in parts of {0} files whose encoding is not that of the rest: an editor does not show them: {1}.',
            counted(count),
            list,
          );
    case 'gitFailed':
      return l10n.t('Git failed, so it is not known whether it would publish what is in {0}.', list);
  }
}

function gitSentence({ isGitMissing }: WorkspaceScan, { isTrusted }: ScanSurroundings): string {
  if (!isTrusted) {
    return l10n.t(
      'Git is not run in Restricted Mode, so it is not known whether it would publish these files.',
    );
  }
  return isGitMissing
    ? l10n.t('Git was not found, so it is not known whether it would publish these files.')
    : '';
}
