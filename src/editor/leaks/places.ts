import { Uri, workspace } from 'vscode';
import type { Find } from '../../leaks/seenKey';
import { asPlainText } from '../words';

/** A place as a person reads it: `src/bot.ts:3`, safe for a sentence. */
export function placeOf({ address, find }: { readonly address: string; readonly find: Find }): string {
  return `${fileOf(address)}:${String(find.line + 1)}`;
}

/** A file's name in the workspace, without secrets in it. */
export function fileOf(address: string): string {
  return asPlainText(workspace.asRelativePath(Uri.parse(address, true)));
}
