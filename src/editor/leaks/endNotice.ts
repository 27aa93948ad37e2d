import { l10n } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { DeathProof } from '../../leaks/proveDead';
import type { LeakEnd, LeakLiveReason } from '../../leaks/respondToLeak';
import { wordsForFailure, type FailureAction } from '../failures';
import { reasonOfLife } from '../revocationReport';
import { asPlainText, namedKey } from '../words';
import type { LeakAction, LeakNotice } from './leakNotice';

const afterDeath: readonly LeakAction[] = ['replaceInFiles', 'incidentNote'];

/** Puts the end of a response into one notification. */
export function noticeOfEnd({ key }: KeyTarget, end: LeakEnd): LeakNotice {
  const named = namedKey(key);
  switch (end.kind) {
    case 'provenDead':
      return {
        level: 'info',
        message: `${l10n.t('Proven dead: {0}.', named)} ${proofInWords(end.proof)}`,
        actions: afterDeath,
      };
    case 'alreadyDead':
      return {
        level: 'info',
        message: `${l10n.t('Already dead: {0} was gone before anything was revoked.', named)} ${proofInWords(end.proof)}`,
        actions: afterDeath,
      };
    case 'revokedNotProvable':
      return noticeOfUnprovable(named, end.why);
    case 'revokedStillAnswering':
      return {
        level: 'warn',
        message: l10n.t(
          "Revoked {0}, but it still works through a cached login. Omi no longer lists it; Omi's servers keep logins for up to an hour. This window goes on asking and tells you when the key is dead.",
          named,
        ),
        actions: afterDeath,
      };
    case 'notConfirmed': {
      const words = wordsForFailure(end.failure);
      const isOver = end.failure.kind === 'unauthenticated';
      return {
        level: 'warn',
        message: l10n
          .t(
            '{0} is not confirmed: the list of keys could not be read after the revocation. {1}',
            named,
            words?.sentence ?? '',
          )
          .trim(),
        actions: [...(isOver ? (['signIn'] as const) : []), 'checkAgain', ...settingsOrLog(words?.actions)],
      };
    }
    case 'stillLive':
      return noticeOfLife(named, end.why);
    case 'notYourAccount':
      return {
        level: 'warn',
        message: l10n.t('Not in an account that is signed in, nothing revoked: {0}.', named),
        actions: ['signIn'],
      };
    case 'untried':
      return end.why === 'cancelled'
        ? { level: 'info', message: l10n.t('Cancelled. Not revoked: {0}.', named), actions: [] }
        : {
            level: 'warn',
            message: l10n.t('Your Omi session has ended. Not revoked yet: {0}.', named),
            actions: ['signIn'],
          };
  }
}

/** What proves a death, as a sentence. */
export function proofInWords({ list, keyRoute, dataRoute }: DeathProof): string {
  if (list !== 'gone') return '';
  if (keyRoute === 'dead' && dataRoute === 'dead') {
    return l10n.t(
      'Omi no longer lists it, and refuses it when asked about the key itself and when it asks for data.',
    );
  }
  if (keyRoute === 'dead') {
    return l10n.t('Omi no longer lists it, and refuses it when asked about the key itself.');
  }
  return dataRoute === 'dead'
    ? l10n.t('Omi no longer lists it, and refuses it when it asks for data.')
    : l10n.t('Omi no longer lists it.');
}

/** What a proof rests on, as the activity keeps it: names of {@link DeathProof} in one line. What was not asked is left out. */
export function proofForActivity({ list, keyRoute, dataRoute }: Partial<DeathProof>): string {
  const held = [
    list === 'gone' ? 'list' : '',
    keyRoute === 'dead' ? 'keyRoute' : '',
    dataRoute === 'dead' ? 'dataRoute' : '',
  ];
  return held.filter(Boolean).join(', ');
}

function noticeOfUnprovable(
  named: string,
  why: Extract<LeakEnd, { readonly kind: 'revokedNotProvable' }>['why'],
): LeakNotice {
  if (why === 'mcp') {
    return {
      level: 'info',
      message: l10n.t(
        'Revoked {0}, not provable: Omi no longer lists it, and offers no way to prove that an MCP key is dead.',
        named,
      ),
      actions: afterDeath,
    };
  }
  if (why === 'noRoute') {
    return {
      level: 'info',
      message: l10n.t(
        'Revoked {0}, not provable: Omi no longer lists it, and this server offers no way to ask about a key.',
        named,
      ),
      actions: afterDeath,
    };
  }
  const words = wordsForFailure(why);
  return {
    level: 'warn',
    message: l10n
      .t(
        'Revoked {0}, not proven: Omi no longer lists it, but whether it still works could not be asked. {1}',
        named,
        words?.sentence ?? '',
      )
      .trim(),
    actions: ['checkAgain', ...afterDeath, ...settingsOrLog(words?.actions)],
  };
}

function noticeOfLife(named: string, why: LeakLiveReason): LeakNotice {
  const actions: readonly LeakAction[] = [
    'tryAgain',
    ...settingsOrLog(why.kind === 'refused' ? wordsForFailure(why.failure)?.actions : undefined),
  ];
  if (why.kind === 'otherKey') {
    return {
      level: 'error',
      message: l10n.t(
        'The leaked key is STILL LIVE: it begins and ends like {0}, which was revoked, but is another one. Its ID is {1}.',
        named,
        asPlainText(why.id),
      ),
      actions,
    };
  }
  const reason =
    why.kind === 'stillAnswering'
      ? l10n.t('Omi still lets it in, and no cached login explains that.')
      : reasonOfLife(why);
  return { level: 'error', message: l10n.t('{0} is STILL LIVE: {1}', named, reason), actions };
}

function settingsOrLog(actions: readonly FailureAction[] | undefined): readonly FailureAction[] {
  return actions?.includes('openSettings') ? ['openSettings'] : ['showLog'];
}
