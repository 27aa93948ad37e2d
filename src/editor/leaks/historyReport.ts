import { env, l10n } from 'vscode';
import type { HistoryFind, HistoryLimit } from '../../leaks/scanHistory';
import { maskedKey } from '../../leaks/seenKey';
import { asPlainText, fullTime } from '../words';
import type { HistorySurvey } from './historyScan';
import type { KeyLeak } from './keyLeaks';
import { fileOfCommit, lifeWord, shortId } from './leakWords';
import { ownersSentence, type ScanReport, type ScanSurroundings } from './scanReport';

/** A notification has room for so many keys; all of them are in the log. */
const mostKeys = 3;

/** Sums up a look into history: each key with its newest commit, the worst first, and what was not seen. */
export function reportHistory(
  survey: HistorySurvey,
  leaks: readonly KeyLeak[],
  surroundings: Pick<ScanSurroundings, 'accountId' | 'unreadLists'>,
): ScanReport {
  const { limits, without, noGit } = survey;
  const sentences = [
    foundSentence(survey, leaks.length),
    ...leaks.slice(0, mostKeys).map((leak) => keySentence(leak, limits)),
    moreSentence(leaks.length - mostKeys, surroundings.accountId !== undefined),
    leaks.length > 0 ? ownersSentence(leaks, surroundings) : '',
    ...[...limits].map(limitSentence),
    noGit.length > 0 ? l10n.t('Git was not found, so no history was searched: {0}.', named(noGit)) : '',
    without.length > 0 ? l10n.t('In no Git repository: {0}.', named(without)) : '',
  ];
  const [worst] = leaks;
  const isPartial = limits.size > 0 || noGit.length > 0 || survey.repositories === 0;
  const isLoud = worst?.judgement.severity === 'error';
  return {
    level: isLoud ? 'error' : isPartial || worst ? 'warn' : 'info',
    message: sentences.filter(Boolean).join(' '),
  };
}

/** Where the other keys are to be seen: the view has no rows while nobody is signed in. */
function moreSentence(count: number, isSignedIn: boolean): string {
  if (count < 1) return '';
  if (isSignedIn) {
    return count === 1
      ? l10n.t('1 more is in the view API Keys and in the log.')
      : l10n.t('{0} more are in the view API Keys and in the log.', count);
  }
  return count === 1 ? l10n.t('1 more is in the log.') : l10n.t('{0} more are in the log.', count);
}

/** Every key with all its commits, for the log. */
export function historyLines(leaks: readonly KeyLeak[]): readonly string[] {
  return leaks.flatMap(({ key, judgement, history }) =>
    history.map((find) => `${maskedKey(key)} (${judgement.life}): ${inWords(find, new Set())}`),
  );
}

function named(folders: readonly string[]): string {
  return folders.map((name) => asPlainText(name)).join(', ');
}

function foundSentence({ commits, repositories, limits }: HistorySurvey, keys: number): string {
  if (repositories === 0) return '';
  const searched =
    commits === 1 ? l10n.t('1 commit') : l10n.t('{0} commits', commits.toLocaleString(env.language));
  const isCancelled = limits.has('cancelled');
  if (keys === 0) {
    return isCancelled
      ? l10n.t('Cancelled. No API key was found in the history so far.')
      : l10n.t('No API key was found in {0}.', searched);
  }
  const found = keys === 1 ? l10n.t('1 API key') : l10n.t('{0} API keys', keys);
  return isCancelled
    ? l10n.t('Cancelled. Found in the history so far: {0}.', found)
    : l10n.t('Found {0}; {1} searched.', found, searched);
}

function keySentence({ key, judgement, history }: KeyLeak, limits: ReadonlySet<HistoryLimit>): string {
  const [newest] = history;
  if (!newest) return '';
  const others = history.length - 1;
  const more =
    others === 0
      ? ''
      : others === 1
        ? l10n.t(' (and 1 more commit)')
        : l10n.t(' (and {0} more commits)', others);
  return `${maskedKey(key)} (${lifeWord(judgement.life)}): ${inWords(newest, limits)}${more}.`;
}

/** Which commit it is, of when, in which file, and who can see it. */
function inWords(find: HistoryFind, limits: ReadonlySet<HistoryLimit>): string {
  const { authoredAt, branches, isPublished } = find;
  const where = isPublished
    ? l10n.t('published on {0}', named(branches))
    : limits.has('noRemote')
      ? l10n.t('not known whether it is published')
      : l10n.t('on no remote branch');
  return l10n.t(
    'commit {0} of {1}, {2}, {3}',
    shortId(find),
    fullTime(authoredAt),
    fileOfCommit(find),
    where,
  );
}

/** What a look into history could not see or tell. */
function limitSentence(limit: HistoryLimit): string {
  switch (limit) {
    case 'shallow':
      return l10n.t('This is a shallow clone: older commits are not here and were not searched.');
    case 'partial':
      return l10n.t('This is a partial clone: what was not fetched was not searched.');
    case 'noRemote':
      return l10n.t('There is no remote branch to tell by whether a commit is published.');
    case 'gitFailed':
      return l10n.t('Git failed, so this is incomplete.');
    case 'unreadableObjects':
      return l10n.t('Parts of the repository could not be read and were not searched.');
    case 'cancelled':
      return '';
  }
}
