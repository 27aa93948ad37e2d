import {
  CodeAction,
  CodeActionKind,
  l10n,
  languages,
  type CodeActionContext,
  type Disposable,
  type Range,
  type TextDocument,
} from 'vscode';
import type { FoundKey } from '../../leaks/leakBook';
import { referenceFor, variableFor } from '../../leaks/references';
import { commandIds, type CommandId } from '../ids';
import type { Parts } from '../parts';
import { stands } from './hover';
import type { PlaceArgument } from './keyInQuestion';
import { problemSource, rangeOf } from './problems';

interface Fix {
  readonly command: CommandId;
  readonly title: string;
  readonly isPreferred?: boolean;
}

/** Offers on a find what can be done about it. */
export function registerQuickFixes(parts: Parts): Disposable {
  return languages.registerCodeActionsProvider(
    { scheme: '*' },
    { provideCodeActions: (document, range, context) => fixesAt(parts, document, range, context) },
    { providedCodeActionKinds: [CodeActionKind.QuickFix] },
  );
}

function fixesAt(
  parts: Parts,
  document: TextDocument,
  range: Range,
  { diagnostics, only }: CodeActionContext,
): CodeAction[] {
  if (only && !only.contains(CodeActionKind.QuickFix)) return [];
  const found = parts.leaks.book
    .foundIn(document.uri.toString())
    .find((one) => rangeOf(one).intersection(range) !== undefined && stands(document, one));
  if (!found) return [];
  const problems = diagnostics.filter(
    (one) => one.source === problemSource && one.range.isEqual(rangeOf(found)),
  );
  const place: PlaceArgument = { found: { address: found.address, find: found.find } };
  return fixesOf(parts, document, found).map(({ command, title, isPreferred = false }) => {
    const action = new CodeAction(title, CodeActionKind.QuickFix);
    action.command = { command, title, arguments: [place] };
    action.diagnostics = problems;
    action.isPreferred = isPreferred;
    return action;
  });
}

/** What can be done about a find; a dead key needs no answer, and is only in the way. */
function fixesOf({ leaks }: Parts, document: TextDocument, found: FoundKey): readonly Fix[] {
  const { life, severity } = leaks.judge(found);
  const isDead = life === 'dead';
  const isPreferred = severity === 'error' || severity === 'warning';
  const respond = l10n.t('Respond to Leaked API Key');
  const check = l10n.t('Check Whether It Is Alive');
  const fixes: readonly (Fix | undefined)[] = [
    isDead ? undefined : { command: commandIds.respondToLeak, title: respond, isPreferred },
    hasReference(document, found)
      ? { command: commandIds.useReference, title: l10n.t('Replace with an Environment Reference') }
      : undefined,
    found.standing === 'untracked'
      ? { command: commandIds.ignoreFile, title: l10n.t('Add File to .gitignore') }
      : undefined,
    isDead ? undefined : { command: commandIds.checkKey, title: check },
    { command: commandIds.ignoreLine, title: l10n.t('Ignore This Line') },
  ];
  return fixes.filter((fix) => fix !== undefined);
}

function hasReference(document: TextDocument, { find }: FoundKey): boolean {
  const { uri, languageId } = document;
  const variable = variableFor(find.key.family);
  return referenceFor(document.getText(), find, languageId, uri.path, variable) !== undefined;
}
