import { l10n } from 'vscode';
import type { IncidentWords } from '../../leaks/incidentNote';

/** The words of an incident note, in the language of the window. */
export function incidentWords(): IncidentWords {
  return {
    title: l10n.t('Leaked Omi API key'),
    key: l10n.t('API key'),
    name: l10n.t('Name'),
    id: l10n.t('ID'),
    account: l10n.t('Account'),
    result: l10n.t('Result'),
    proof: l10n.t('Proof'),
    proofs: {
      list: l10n.t('list of API keys'),
      keyRoute: l10n.t('key route'),
      dataRoute: l10n.t('data route'),
    },
    answers: {
      gone: l10n.t('without it'),
      listed: l10n.t('still listed'),
      dead: l10n.t('refused'),
      alive: l10n.t('accepted'),
      untellable: l10n.t('Omi offers no proof'),
      notAnswered: l10n.t('no answer'),
    },
    ends: {
      provenDead: l10n.t('proven dead'),
      revokedNotProvable: l10n.t('revoked, not provable'),
      revokedStillAnswering: l10n.t('revoked, a cached login still lets it in'),
      alreadyDead: l10n.t('was dead already'),
      notYourAccount: l10n.t('alive, of an account that was not signed in; nothing revoked'),
      stillLive: l10n.t('STILL LIVE'),
      notConfirmed: l10n.t('revocation not confirmed'),
      untried: l10n.t('not tried'),
    },
    done: l10n.t('What Was Done'),
    step: l10n.t('Step'),
    timeUtc: l10n.t('Time (UTC)'),
    steps: {
      found: l10n.t('Found'),
      confirmed: l10n.t('Revocation agreed to'),
      newKeyMade: l10n.t('New API key made'),
      revoked: l10n.t('Revoked'),
      checked: l10n.t('Checked'),
      stillAnswering: l10n.t('Still answered, from a cached login'),
      provenDead: l10n.t('Proven dead'),
      replaced: l10n.t('Replaced in files'),
    },
    places: l10n.t('Places'),
    place: l10n.t('Place'),
    isReplaced: l10n.t('Replaced'),
    commits: l10n.t('Commits'),
    commit: l10n.t('Commit'),
    authoredUtc: l10n.t('Authored (UTC)'),
    file: l10n.t('File'),
    commitMessage: l10n.t('commit message'),
    published: l10n.t('Published'),
    yes: l10n.t('yes'),
    no: l10n.t('no'),
    none: l10n.t('None.'),
    searchedUtc: l10n.t('Searched (UTC)'),
    notSearched: {
      places: l10n.t('The workspace was not searched as a whole: which files hold it is not known.'),
      commits: l10n.t('The Git history was not searched as a whole: which commits hold it is not known.'),
    },
    mayBeMore: {
      places: l10n.t('The workspace was not searched as a whole: there may be more places.'),
      commits: l10n.t('The Git history was not searched as a whole: there may be more commits.'),
    },
    remains: l10n.t('What Remains to Be Done'),
    remaining: {
      revoke: l10n.t('Revoke it: it may still work.'),
      ownerRevokes: l10n.t('Have the account that owns it revoke it: it still works.'),
      awaitDeath: l10n.t('Check again until it is refused: a cached login lasts up to an hour.'),
      checkUse: l10n.t(
        'It was published: check what it was used for since the first commit, in access logs and in the data of the account.',
      ),
      historyStays: l10n.t(
        'Rewriting the history does not help: copies of it exist. That the API key is revoked does.',
      ),
      replacePlaces: l10n.t('Replace it in the places that still hold it, so that nothing relies on it.'),
    },
  };
}
