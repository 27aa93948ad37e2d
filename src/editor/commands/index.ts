import { commands, Disposable } from 'vscode';
import { commandIds } from '../ids';
import type { KeyInQuestion } from '../leaks/keyInQuestion';
import type { Parts } from '../parts';
import { clipboardTimer } from '../secrets/clipboard';

/** Registers every command. Their code, in `table.ts`, is loaded when the first of them is run. */
export function registerCommands(parts: Parts): Disposable {
  const registered = Object.values(commandIds).map((id) =>
    commands.registerCommand(id, async (clicked: unknown, selected: unknown) => {
      const { commandTable } = await import('./table');
      await commandTable[id](parts, clicked, selected);
    }),
  );
  return Disposable.from(clipboardTimer, ...registered);
}

/** Responds to a leaked key that is no argument of a command, because it is secret: one in the terminal. */
export async function respondTo(parts: Parts, question: KeyInQuestion): Promise<void> {
  const { respondTo: respond } = await import('./respondToLeak');
  await respond(parts, question);
}
