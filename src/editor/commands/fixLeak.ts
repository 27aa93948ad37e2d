import { l10n, Uri, window, workspace, type TextDocument } from 'vscode';
import type { IgnoredKey } from '../../leaks/leakBook';
import { ignoreChange, ignoreMark } from '../../leaks/ignoreLine';
import { maskedKey } from '../../leaks/seenKey';
import { applyPlan } from '../leaks/environmentReference';
import { placeArgument, settleKey, type KeyInQuestion } from '../leaks/keyInQuestion';
import { fileOf } from '../leaks/places';
import { moveToEnvironment } from '../leaks/moveToEnvironment';
import { fileOfDocument } from '../leaks/watchedText';
import { notify, type Notice } from '../notify';
import type { Parts } from '../parts';
import { gitStanding, isOutsideGit, offerToIgnore } from '../secrets/gitStanding';
import { placeName } from '../secrets/placing';
import { asPlainText, withoutIcons } from '../words';

/** A key that stands somewhere, and the text that it stands in. */
interface KeyInText {
  readonly key: KeyInQuestion & { readonly at: NonNullable<KeyInQuestion['at']> };
  readonly document: TextDocument;
}

/** "Omi: Replace API Key with an Environment Reference". */
export async function useReference(parts: Parts, clicked: unknown): Promise<void> {
  const found = await keyInText(parts, clicked);
  if (found) await tell(await moveToEnvironment(parts, found.key, found.document));
}

/** "Omi: Add File with API Key to .gitignore". */
export async function ignoreFile(parts: Parts, clicked: unknown): Promise<void> {
  const found = await keyInText(parts, clicked);
  if (!found) return;
  const file = fileOfDocument(found.document);
  const standing = file ? await gitStanding(file) : 'outside';
  if (file && standing === 'untracked') {
    await offerToIgnore(file).act();
    return;
  }
  const name = file ? placeName(file) : fileOf(found.key.at.address);
  const isUnclear = standing === 'outside' && !(file && (await isOutsideGit(file)));
  const messages = {
    ignored: l10n.t('Git ignores {0} already.', name),
    tracked: l10n.t(
      'Git tracks {0}, and goes on doing so whatever .gitignore says. Take it out first: git rm --cached.',
      name,
    ),
    untracked: '',
    outside: isUnclear ? wordsForUnclear(name) : l10n.t('{0} is in no Git repository.', name),
  };
  await tell({ level: standing === 'tracked' || isUnclear ? 'warn' : 'info', message: messages[standing] });
}

function wordsForUnclear(name: string): string {
  return workspace.isTrusted
    ? l10n.t('Git could not be asked about {0}, so it is not known whether it would publish it.', name)
    : l10n.t('Git is not asked in Restricted Mode.');
}

/** "Omi: Ignore API Key on This Line". */
export async function ignoreLine(parts: Parts, clicked: unknown): Promise<void> {
  const found = await keyInText(parts, clicked);
  if (!found) return;
  const { key, document } = found;
  const change = ignoreChange(document.getText(), key.at.find.line, document.languageId);
  const isMarked = change && (await applyPlan(document, { version: document.version, changes: [change] }));
  if (isMarked) return;
  const { fingerprint, prefix } = key.seen;
  const { address } = key.at;
  const { book } = parts.leaks;
  const others = book.ignored.filter((one) => one.fingerprint !== fingerprint || one.address !== address);
  const isKept = await keepIgnored(parts, [...others, { fingerprint, address, prefix }]);
  const message = l10n.t(
    'No comment can be put there, so VS Code remembers that {0} is ignored in {1}. Omi: Stop Ignoring API Keys undoes this.',
    maskedKey(key.seen),
    fileOf(address),
  );
  if (isKept) await tell({ level: 'info', message });
}

/** "Omi: Stop Ignoring API Keys". */
export async function stopIgnoring(parts: Parts): Promise<void> {
  const { ignored } = parts.leaks.book;
  const byHand = l10n.t('Comments with {0} are removed by hand.', ignoreMark);
  if (ignored.length === 0) {
    await tell({ level: 'info', message: `${l10n.t('No ignored API keys are remembered.')} ${byHand}` });
    return;
  }
  const items = ignored.map((value) => ({
    label: maskedKey(value),
    description: withoutIcons(fileOf(value.address)),
    picked: true,
    value,
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Stop Ignoring API Keys'),
    placeHolder: `${l10n.t('Untick what you want to hear of again')} · ${byHand}`,
    canPickMany: true,
    ignoreFocusOut: true,
  });
  if (!chosen || chosen.length === ignored.length) return;
  const kept = chosen.map(({ value }) => value);
  if (!(await keepIgnored(parts, kept))) return;
  const count = ignored.length - kept.length;
  const message =
    count === 1 ? l10n.t('1 API key is told of again.') : l10n.t('{0} API keys are told of again.', count);
  await tell({ level: 'info', message });
}

/** The key that is meant, which must stand in a text; says so when there is none. */
async function keyInText(parts: Parts, clicked: unknown): Promise<KeyInText | undefined> {
  const key = await settleKey(parts, clicked, undefined);
  if (!key?.at) {
    // Where a place was clicked and the key is gone, that was told already.
    const message = l10n.t('There is no Omi API key at the cursor. Put the cursor on one, and try again.');
    if (!placeArgument(clicked)) await tell({ level: 'info', message });
    return undefined;
  }
  const document = await workspace.openTextDocument(Uri.parse(key.at.address, true));
  return { key: { ...key, at: key.at }, document };
}

async function keepIgnored({ leaks, log }: Parts, keys: readonly IgnoredKey[]): Promise<boolean> {
  try {
    await leaks.book.ignore(keys);
    return true;
  } catch (error) {
    log.error(`Ignored keys were not kept: ${String(error)}`);
    const message = l10n.t('VS Code could not keep this beyond this window. {0}', asPlainText(String(error)));
    await notify({ level: 'warn', message, actions: ['showLog'] });
    return false;
  }
}

async function tell(said: Omit<Notice, 'actions'> | undefined): Promise<void> {
  if (said) await notify({ ...said, actions: [] });
}
