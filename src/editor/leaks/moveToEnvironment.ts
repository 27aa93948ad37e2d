import { l10n, window, type TextDocument, type Uri } from 'vscode';
import { planVariable } from '../../keys/envFile';
import { gitignoreChange } from '../../leaks/gitignore';
import { variableFor } from '../../leaks/references';
import { maskedKey } from '../../leaks/seenKey';
import type { Notice } from '../notify';
import type { Parts } from '../parts';
import { copySecret } from '../secrets/clipboard';
import { gitStanding } from '../secrets/gitStanding';
import { placeName, trackedNote } from '../secrets/placing';
import { changeText, openText } from '../secrets/textFile';
import { asPlainText } from '../words';
import {
  applyPlan,
  envFileFor,
  planReferences,
  variableIn,
  type ReferencePlan,
} from './environmentReference';
import type { KeyInQuestion } from './keyInQuestion';
import { fileOf, placeOf } from './places';

type Said = Omit<Notice, 'actions'>;
type KeyAtPlace = KeyInQuestion & { readonly at: NonNullable<KeyInQuestion['at']> };

/** Where the value of a key is kept, or why nowhere; undefined when the person gave up. */
type Kept = { readonly place: string; readonly note: string } | { readonly failure: string } | undefined;

/**
 * Replaces a key in a document by a reference to the environment. Its value is put into the `.env` first, so that it is
 * not lost; the person is asked only if Git would publish that file.
 *
 * @returns what is to be said; undefined when the person gave up.
 */
export async function moveToEnvironment(
  parts: Parts,
  key: KeyAtPlace,
  document: TextDocument,
): Promise<Said | undefined> {
  const usual = variableFor(key.seen.family);
  const nothing = l10n.t('Nothing was changed.');
  if (!planReferences(document, key.at.find, usual)) {
    const why = l10n.t(
      'For {0} no reference to the environment is known that would surely work.',
      placeOf(key.at),
    );
    return { level: 'info', message: `${why} ${nothing}` };
  }
  const env = envFileFor(document);
  if (!env) {
    const why = l10n.t('Open a folder first: the .env file in it takes the key.');
    return { level: 'info', message: `${why} ${nothing}` };
  }
  const opened = await openText(env);
  if (!opened.ok) return { level: 'warn', message: `${unwritten(env, opened.failure)} ${nothing}` };
  const { name, isThere } = variableIn(opened.value?.getText() ?? '', usual, key.raw);
  const kept = isThere ? { place: placeIn(env, name), note: '' } : await keep(parts, key, env, name);
  if (!kept) return undefined;
  if ('failure' in kept) return { level: 'warn', message: `${kept.failure} ${nothing}` };
  const plan = await replaceIn(document, key, name);
  const where = l10n.t('The key is in {0}.', kept.place);
  if (plan)
    return { level: 'info', message: [said(document, plan), where, kept.note].filter(Boolean).join(' ') };
  const why = l10n.t('{0} has changed meanwhile and was left as it is.', fileOf(key.at.address));
  return { level: 'warn', message: [why, where, kept.note].filter(Boolean).join(' ') };
}

/** Plans anew, as the text may have changed while the person was asked; and once more if it changes just now. */
async function replaceIn(
  document: TextDocument,
  { at }: KeyAtPlace,
  variable: string,
): Promise<ReferencePlan | undefined> {
  for (let time = 0; time < 2; time += 1) {
    const plan = planReferences(document, at.find, variable);
    if (!plan || plan.replaced === 0) return undefined;
    if (await applyPlan(document, plan)) return plan;
  }
  return undefined;
}

function said({ uri }: TextDocument, { reads, replaced, left }: ReferencePlan): string {
  const file = fileOf(uri.toString());
  return [
    replaced === 1
      ? l10n.t('{0} reads the key from {1} now.', file, reads)
      : l10n.t('{0} reads the key from {1} now, at {2} places.', file, reads, replaced),
    left > 0 ? l10n.t('It still stands there where no reference is known: {0}.', left) : '',
    reads.startsWith('${input:') ? l10n.t('VS Code asks for it once, and keeps it.') : '',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Puts the value into the `.env`, or where the person wants it. */
async function keep({ log }: Parts, { raw, seen }: KeyAtPlace, env: Uri, name: string): Promise<Kept> {
  const way = await wayFor(env, maskedKey(seen));
  if (way === undefined) return undefined;
  if (way === 'copy') {
    const copied = await copySecret(raw, log);
    if (copied?.kind !== 'placed') return copied && { failure: copied.message };
    return { place: copied.place, note: copied.note ?? '' };
  }
  if (way === 'ignore' && !(await isIgnoredNow(env)))
    return { failure: l10n.t('Git still does not ignore {0}.', placeName(env)) };
  const changed = await changeText(env, (text) => planVariable(text, name, raw).changes);
  if (!changed.ok) return { failure: unwritten(env, changed.failure) };
  const note = changed.value === 'unsaved' ? l10n.t('{0} is not saved yet.', placeName(env)) : '';
  return { place: placeIn(env, name), note };
}

/** Asks, if Git would publish the file: how the value is kept then. Undefined when the person gave up. */
async function wayFor(env: Uri, masked: string): Promise<'write' | 'ignore' | 'copy' | undefined> {
  const standing = await gitStanding(env);
  if (standing !== 'tracked' && standing !== 'untracked') return 'write';
  const [ignore, write, copy] = [
    l10n.t('Ignore It and Write'),
    l10n.t('Write Anyway'),
    l10n.t('Copy Instead'),
  ];
  const message = l10n.t('Write {0} into {1}?', masked, placeName(env));
  const detail =
    standing === 'tracked'
      ? trackedNote(env)
      : l10n.t('Git does not ignore {0}: it may be published with the next commit.', placeName(env));
  const first = standing === 'untracked' ? [ignore] : [];
  const options = { modal: true, detail };
  const chosen = await window.showWarningMessage(message, options, ...first, write, copy);
  if (chosen === ignore) return 'ignore';
  if (chosen === write) return 'write';
  return chosen === copy ? 'copy' : undefined;
}

async function isIgnoredNow(env: Uri): Promise<boolean> {
  const file = env.with({ path: env.path.replace(/[^/]*$/, '.gitignore') });
  const changed = await changeText(file, (text) => gitignoreChange(text, '.env'));
  return changed.ok && (await gitStanding(env)) === 'ignored';
}

function placeIn(env: Uri, name: string): string {
  return `${placeName(env)} (${name})`;
}

function unwritten(env: Uri, why: string): string {
  return l10n.t('{0} could not be written. {1}', placeName(env), asPlainText(why));
}
