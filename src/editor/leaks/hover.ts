import { Hover, languages, MarkdownString, l10n, Uri, type Disposable, type TextDocument } from 'vscode';
import type { Position } from 'vscode';
import type { FoundKey } from '../../leaks/leakBook';
import type { HistoryFind } from '../../leaks/scanHistory';
import { rawKeyAt } from '../../leaks/seenKey';
import { commandIds } from '../ids';
import type { Parts } from '../parts';
import { staleAfterDays } from '../settings';
import { keyTooltip } from '../views/keyItem';
import { asPlainText, fullTime } from '../words';
import type { PlaceArgument } from './keyInQuestion';
import { placeOf } from './places';
import { rangeOf } from './problems';

/** A hover that lists more is not read. */
const mostListed = 5;

/** Shows what is known of a key while the mouse rests on it, beside its problem, which VS Code shows there. */
export function registerHover(parts: Parts): Disposable {
  return languages.registerHoverProvider(
    { scheme: '*' },
    {
      provideHover: (document, position) => {
        const found = findAt(parts, document, position);
        return found && new Hover(factsOf(parts, found), rangeOf(found));
      },
    },
  );
}

/** The find at a position, if it still stands there. */
function findAt({ leaks }: Parts, document: TextDocument, position: Position): FoundKey | undefined {
  return leaks.book
    .foundIn(document.uri.toString())
    .find((found) => rangeOf(found).contains(position) && stands(document, found));
}

/** Whether a find still stands where it was found. */
export function stands(document: TextDocument, { find }: FoundKey): boolean {
  if (find.line >= document.lineCount) return false;
  return rawKeyAt(document.lineAt(find.line).text, { ...find, line: 0 }) !== undefined;
}

function factsOf(parts: Parts, found: FoundKey): MarkdownString {
  const { leaks, now, sessions } = parts;
  const { key } = found.find;
  const judgement = leaks.judge(found);
  const { owner, owners } = judgement;
  // VS Code cuts off long hovers at their end, so what can be done stands first.
  const text = new MarkdownString();
  if (judgement.life !== 'dead') {
    const place: PlaceArgument = { found: { address: found.address, find: found.find } };
    const links = [
      link(commandIds.respondToLeak, l10n.t('Respond to Leaked API Key'), place),
      link(commandIds.checkKey, l10n.t('Check Whether It Is Alive'), place),
    ];
    text.appendMarkdown(`${links.join(' · ')}\n\n`);
  }
  if (owner) {
    const facts = keyTooltip(owner.key, { now: now(), staleAfterDays: staleAfterDays() });
    text.appendMarkdown(`${facts.value}\n\n`);
  }
  const account = sessions.accounts.find(({ id }) => id === owner?.accountId);
  if (account && sessions.accounts.length > 1)
    paragraph(text, l10n.t('Account: {0}', asPlainText(account.label)));
  if (owners.length > 1) paragraph(text, l10n.t('It is one of {0} keys with this prefix.', owners.length));
  list(text, l10n.t('In commits:'), leaks.book.historyOf(key.fingerprint).map(commitInWords));
  const others = leaks.book.found.filter(
    (other) => other.find.key.fingerprint === key.fingerprint && !isSamePlace(other, found),
  );
  list(
    text,
    l10n.t('Also at:'),
    others.map((other) => (target) => linkTo(target, other)),
  );
  text.isTrusted = { enabledCommands: [commandIds.respondToLeak, commandIds.checkKey] };
  return text;
}

type Write = (target: MarkdownString) => void;

function paragraph(target: MarkdownString, words: string): void {
  target.appendText(words).appendMarkdown('\n\n');
}

function list(target: MarkdownString, title: string, entries: readonly Write[]): void {
  if (entries.length === 0) return;
  paragraph(target, title);
  entries.slice(0, mostListed).forEach((write) => {
    target.appendMarkdown('- ');
    write(target);
    target.appendMarkdown('\n');
  });
  const more = entries.length - mostListed;
  if (more > 0) target.appendMarkdown('- ').appendText(l10n.t('and {0} more', more)).appendMarkdown('\n');
  target.appendMarkdown('\n');
}

/** `1a2b3c4, Nov 3, 2026, src/bot.ts, published on origin/main`. */
function commitInWords({ commit, authoredAt, path, isPublished, branches }: HistoryFind): Write {
  const [branch] = branches;
  const published =
    branch === undefined ? l10n.t('published') : l10n.t('published on {0}', asPlainText(branch));
  const words = [
    commit.slice(0, 7),
    fullTime(authoredAt),
    path === '' ? l10n.t('in the message') : asPlainText(path),
    isPublished ? published : l10n.t('not pushed'),
  ];
  return (target) => target.appendText(words.join(', '));
}

function linkTo(target: MarkdownString, other: FoundKey): void {
  const uri = Uri.parse(other.address, true);
  if (uri.fragment !== '' || uri.scheme === 'untitled') {
    target.appendText(placeOf(other));
    return;
  }
  const line = uri.with({ fragment: `L${String(other.find.line + 1)}` });
  target.appendMarkdown('[').appendText(placeOf(other)).appendMarkdown(`](${line.toString()})`);
}

function link(command: string, title: string, place: PlaceArgument): string {
  return `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([place]))})`;
}

function isSamePlace(one: FoundKey, other: FoundKey): boolean {
  return (
    one.address === other.address && one.find.line === other.find.line && one.find.start === other.find.start
  );
}
