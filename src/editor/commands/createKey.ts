import { l10n } from 'vscode';
import { createKey, problemOfName, type CreateOutcome, type NameProblem } from '../../keys/createKey';
import { displayPrefix } from '../../keys/key';
import type { AccountKeys } from '../../keys/keyAccess';
import { allScopes, readScopes, resources } from '../../keys/scopes';
import type { NewKey } from '../../omi/keysApi';
import type { KeyFamily } from '../../omi/rawKey';
import { wordsForFailure } from '../failures';
import { failureLine } from '../log';
import { notify, notifyFailure } from '../notify';
import type { Parts } from '../parts';
import {
  askOne,
  askSome,
  askText,
  type Answer,
  type Choice,
  type StepFrame,
  type TextRemark,
} from '../steps';
import { asPlainText, namedKey, resourceName } from '../words';
import { deliver, offerToRevoke } from './placeKey';
import { cancellably } from './revokeKey';
import { ensureSignedIn, signIn } from './signIn';
import { useAccount } from './useAccount';

type Access = 'readOnly' | 'fullAccess' | 'perResource';

/** What was answered so far; kept when the person goes back. */
interface Draft {
  readonly family: KeyFamily;
  readonly name: string;
  readonly access: Access;
  readonly scopes: readonly string[];
}

type Step = (
  known: Pick<AccountKeys, 'list'>,
  draft: Draft,
  frame: StepFrame,
) => Promise<Answer<Partial<Draft>> | undefined>;

/** "Omi: Create API Key": asks what it is to be, makes it once, and lets the person put its secret somewhere. */
export async function createApiKey(parts: Parts): Promise<void> {
  if (!(await ensureSignedIn(parts))) return;
  // The names of the other keys are wanted for the second step.
  if (!parts.keys.rings.dev.list || !parts.keys.rings.mcp.list) void parts.view.refresh();
  // The questions name this account; another window may put another one in use meanwhile.
  const accountId = parts.sessions.account?.id ?? '';
  const key = await askWhichKey(parts, accountId);
  if (key) await make(parts, key, accountId);
}

/**
 * The same in any account that is signed in, which comes into use once the questions are answered.
 *
 * @returns whether they were answered.
 */
export async function createApiKeyIn(parts: Parts, accountId: string): Promise<boolean> {
  const key = await askWhichKey(parts, accountId);
  if (!key) return false;
  const isReady =
    (await useAccount(parts, { accountId }, l10n.t('No new key was made.'))) && (await ensureSignedIn(parts));
  if (isReady) await make(parts, key, accountId);
  return true;
}

async function askWhichKey({ keys, sessions }: Parts, accountId: string): Promise<NewKey | undefined> {
  const known = keys.byAccount(accountId);
  const { accounts } = sessions;
  const account = accounts.find(({ id }) => id === accountId);
  const title =
    l10n.t('Create API Key') + (account && accounts.length > 1 ? ` · ${asPlainText(account.label)}` : '');
  let draft: Draft = { family: 'dev', name: '', access: 'readOnly', scopes: [] };
  for (let at = 0; ;) {
    const steps = stepsFor(draft);
    const step = steps[at];
    if (!step) return newKeyOf(draft);
    const answer = await step(known, draft, { title, step: at + 1, totalSteps: steps.length });
    if (!answer) return undefined;
    draft = { ...draft, ...answer.value };
    at += answer.move === 'next' ? 1 : -1;
  }
}

/** MCP keys take a name alone. */
function stepsFor({ family, access }: Draft): readonly Step[] {
  if (family === 'mcp') return [askFamily, askName];
  return [askFamily, askName, askAccess, ...(access === 'perResource' ? [askScopes] : [])];
}

function newKeyOf({ family, name, access, scopes }: Draft): NewKey {
  const chosen = { readOnly: readScopes, fullAccess: allScopes, perResource: scopes }[access];
  return { family, name: name.trim(), scopes: family === 'dev' ? chosen : undefined };
}

const askFamily: Step = async (_, { family }, frame) => {
  const choices: readonly Choice<KeyFamily>[] = [
    { value: 'dev', label: l10n.t('Developer Key'), detail: l10n.t("For programs that use Omi's API") },
    { value: 'mcp', label: l10n.t('MCP Key'), detail: l10n.t("For assistants that use Omi's MCP server") },
  ];
  const placeholder = l10n.t('What is the key for?');
  const answer = await askOne(frame, { placeholder, choices, chosen: [family] });
  return answer && { ...answer, value: { family: answer.value } };
};

const askName: Step = async (known, { family, name }, frame) => {
  const remark = (text: string): TextRemark | undefined => {
    const problem = problemOfName(text);
    if (problem) return { severity: 'error', message: wordsForName(problem) };
    const same = known.list(family)?.keys.find((key) => key.name.trim() === text.trim());
    if (!same) return undefined;
    const message = l10n.t(
      '{0} has this name already. Enter makes another key of that name.',
      asPlainText(displayPrefix(same)),
    );
    return { severity: 'warning', message };
  };
  const prompt = l10n.t('Name of the key, by which it is known in the list');
  const answer = await askText(frame, { prompt, value: name, remark });
  return answer && { ...answer, value: { name: answer.value } };
};

const askAccess: Step = async (_, { access }, frame) => {
  const choices: readonly Choice<Access>[] = [
    { value: 'readOnly', label: l10n.t('Read Only'), detail: resources.map(resourceName).join(', ') },
    { value: 'fullAccess', label: l10n.t('Full Access'), detail: l10n.t('Read and write all of it') },
    { value: 'perResource', label: l10n.t('Per Resource …'), detail: l10n.t('Choose each right') },
  ];
  const placeholder = l10n.t('What may the key do?');
  const answer = await askOne(frame, { placeholder, choices, chosen: [access] });
  return answer && { ...answer, value: { access: answer.value } };
};

const askScopes: Step = async (_, { scopes }, frame) => {
  const choices = resources.flatMap((resource) => [
    { value: `${resource}:read`, label: l10n.t('Read {0}', resourceName(resource)) },
    { value: `${resource}:write`, label: l10n.t('Write {0}', resourceName(resource)) },
  ]);
  const placeholder = l10n.t('Tick the rights, then press Enter');
  const nothing = l10n.t('Tick at least one: a key without rights can do nothing');
  const answer = await askSome(frame, { placeholder, choices, chosen: scopes }, nothing);
  return answer && { ...answer, value: { scopes: answer.value } };
};

function wordsForName(problem: NameProblem): string {
  const words: Record<NameProblem, string> = {
    blank: l10n.t('A key needs a name.'),
    tooLong: l10n.t('Omi takes at most 100 characters.'),
    holdsRawKey: l10n.t('This holds an API key. A name is no secret, so it must not.'),
  };
  return words[problem];
}

/** Makes a key in the account that it was ordered for, and goes on with whatever came of it. */
async function make(parts: Parts, key: NewKey, accountId: string): Promise<void> {
  const isElsewhere = (): boolean => (parts.sessions.account?.id ?? accountId) !== accountId;
  const text = l10n.t('Making the new key …');
  const outcome: CreateOutcome = isElsewhere()
    ? { kind: 'notMade', failure: { kind: 'cancelled' } }
    : await cancellably(parts.view, text, (signal) => createKey(key, parts.keys.creation, signal));
  logOutcome(parts, outcome);
  switch (outcome.kind) {
    case 'created':
      return take(parts, accountId, outcome);
    case 'secretLost':
      return tellLost(parts, accountId, outcome);
    case 'notMade': {
      const meaning = l10n.t('"{0}" was not made.', asPlainText(key.name));
      if (isElsewhere()) {
        const message = `${meaning} ${l10n.t('Another account has come into use.')}`;
        await notify({ level: 'warn', message, actions: [] });
        return;
      }
      const action = await notifyFailure(outcome.failure, parts.log, ['tryAgain', 'signIn'], meaning);
      // Nothing was made, so that sending it again makes no second key.
      if (action === 'tryAgain' || (action === 'signIn' && (await signIn(parts))))
        await make(parts, key, accountId);
      return;
    }
    case 'unknown':
      return tellUnknown(parts, key, outcome);
  }
}

/** Holds the secret before anything is asked. */
async function take(
  parts: Parts,
  accountId: string,
  { key, secret }: CreateOutcome & { kind: 'created' },
): Promise<void> {
  const isListed = parts.keys.rings[key.family].list?.keys.some(({ id }) => id === key.id);
  parts.record.note([{ action: 'create', accountId, key, end: 'created', proof: isListed ? 'list' : '' }]);
  const held = await parts.pending.hold({ accountId, key, isKept: false }, secret);
  if (!held.ok) {
    const message = l10n.t(
      "VS Code's vault did not take the secret of {0}, so it must be placed now. It says: {1}",
      namedKey(key),
      asPlainText(held.failure),
    );
    parts.log.error(message);
    void notify({ level: 'warn', message, actions: ['showLog'] });
  }
  await deliver(parts, { accountId, key }, secret);
}

async function tellLost(
  parts: Parts,
  accountId: string,
  { keys, failure }: CreateOutcome & { kind: 'secretLost' },
): Promise<void> {
  const targets = keys.map((key) => ({ accountId, key }));
  parts.record.note(
    targets.map((target) => ({ action: 'create', ...target, end: 'secretLost', proof: 'list' })),
  );
  const message = l10n.t(
    'Made {0}, but its secret was lost with the answer, so nobody can use it. {1}',
    keys.map(namedKey).join(', '),
    wordsForFailure(failure)?.sentence ?? '',
  );
  await offerToRevoke(parts, message.trim(), targets);
}

async function tellUnknown(
  parts: Parts,
  { name }: NewKey,
  { failure }: CreateOutcome & { kind: 'unknown' },
): Promise<void> {
  const message = l10n.t(
    'Nobody knows whether "{0}" was made. If the list shows it, its secret is lost. {1}',
    asPlainText(name),
    wordsForFailure(failure)?.sentence ?? '',
  );
  const action = await notify({ level: 'warn', message: message.trim(), actions: ['checkAgain', 'showLog'] });
  if (action === 'checkAgain') await parts.view.refresh();
}

function logOutcome({ log }: Parts, outcome: CreateOutcome): void {
  if (outcome.kind === 'created') log.info(`Created the ${outcome.key.family} key ${outcome.key.id}`);
  else log.warn(`Creation: ${outcome.kind}. ${failureLine(outcome.failure)}`);
}
