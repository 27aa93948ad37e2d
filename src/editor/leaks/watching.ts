import { Disposable } from 'vscode';
import type { Parts } from '../parts';
import { watchCaret } from './caret';
import { DocumentWatch } from './documentWatch';
import { FileFacts } from './fileFacts';
import { HistoryOfFinds } from './historyOfFinds';
import { registerHover } from './hover';
import { readListsForFinds } from './listsForFinds';
import { Problems } from './problems';
import { registerQuickFixes } from './quickFixes';

/** Starts all that a person sees of keys in documents. */
export function startWatching(parts: Parts): Disposable {
  const { book } = parts.leaks;
  const facts = new FileFacts();
  const history = new HistoryOfFinds({ book, log: parts.log });
  const problems = new Problems(parts);
  const documents = new DocumentWatch({ book, facts, history, log: parts.log });
  return Disposable.from(
    ...[history, problems, documents],
    ...[registerHover(parts), registerQuickFixes(parts), readListsForFinds(parts), watchCaret()],
  );
}
