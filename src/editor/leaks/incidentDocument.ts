import { l10n, window, workspace } from 'vscode';
import {
  incidentNote,
  type IncidentFacts,
  type IncidentStep,
  type IncidentWords,
  type ProofAnswer,
  type Remaining,
} from '../../leaks/incidentNote';

/** Opens the note on a leaked key as a Markdown text that is not saved anywhere. Rejects when VS Code cannot. */
export async function openIncidentNote(facts: IncidentFacts): Promise<void> {
  const content = incidentNote(facts, incidentWords());
  const document = await workspace.openTextDocument({ language: 'markdown', content });
  await window.showTextDocument(document, { preview: false });
}

function incidentWords(): IncidentWords {
  return {
    title: l10n.t('Leaked Omi API key'),
    key: l10n.t('Key'),
    name: l10n.t('Name'),
    id: l10n.t('ID'),
    account: l10n.t('Account'),
    result: l10n.t('Result'),
    proof: l10n.t('Proof'),
    proofs: {
      list: l10n.t('list of keys'),
      keyRoute: l10n.t('asked about the key'),
      dataRoute: l10n.t('asked for data'),
    },
    answers: answers(),
    ends: ends(),
    done: l10n.t('What was done'),
    timeUtc: l10n.t('Time (UTC)'),
    steps: steps(),
    places: l10n.t('Places'),
    place: l10n.t('Place'),
    isReplaced: l10n.t('Replaced'),
    commits: l10n.t('Commits'),
    commit: l10n.t('Commit'),
    authoredUtc: l10n.t('Author date (UTC)'),
    file: l10n.t('File'),
    commitMessage: l10n.t('the message of the commit'),
    published: l10n.t('Published'),
    yes: l10n.t('yes'),
    no: l10n.t('no'),
    none: l10n.t('None known.'),
    remains: l10n.t('What remains to be done'),
    remaining: remaining(),
  };
}

function answers(): Readonly<Record<ProofAnswer, string>> {
  return {
    gone: l10n.t('no longer there'),
    listed: l10n.t('still there'),
    dead: l10n.t('refused'),
    alive: l10n.t('let in'),
    untellable: l10n.t('Omi offers no way to ask'),
    notAnswered: l10n.t('no answer'),
  };
}

function ends(): IncidentWords['ends'] {
  return {
    provenDead: l10n.t('proven dead'),
    revokedNotProvable: l10n.t('revoked, not provable'),
    revokedStillAnswering: l10n.t('revoked, still answering through a cached login'),
    alreadyDead: l10n.t('already dead'),
    notYourAccount: l10n.t('in no account that is signed in, nothing revoked'),
    stillLive: l10n.t('STILL LIVE'),
    notConfirmed: l10n.t('not confirmed'),
    untried: l10n.t('not revoked'),
  };
}

function steps(): Readonly<Record<IncidentStep, string>> {
  return {
    found: l10n.t('The response began.'),
    confirmed: l10n.t('The revocation was ordered.'),
    newKeyMade: l10n.t('A new key was made and put in its place.'),
    revoked: l10n.t('Omi no longer lists the key.'),
    checked: l10n.t('Omi was asked whether the key still works.'),
    stillAnswering: l10n.t('The key still worked through a cached login.'),
    provenDead: l10n.t('The key was proven dead.'),
    replaced: l10n.t('The key was replaced in files.'),
  };
}

function remaining(): Readonly<Record<Remaining, string>> {
  return {
    revoke: l10n.t('Revoke the key: it may still work.'),
    ownerRevokes: l10n.t('The key still works. Have it revoked by the account that owns it.'),
    awaitDeath: l10n.t(
      'Wait until a cached login is over (up to an hour), then check whether the key is dead.',
    ),
    historyStays: l10n.t(
      'The history need not be rewritten: whoever has seen the commit has the key, and only the revocation helps.',
    ),
    checkUse: l10n.t('Check where the key was used since the first commit that was published.'),
    replacePlaces: l10n.t('Take the key out of the places where it was not replaced.'),
  };
}
