import { commands, Disposable } from 'vscode';
import { commandIds, type CommandId } from '../ids';
import type { Parts } from '../parts';
import { copyKeyId, copyKeyPrefix } from './copyKey';
import { refreshKeys } from './refreshKeys';
import { cancelWork, revokeKey } from './revokeKey';
import { signInCommand, signInWithToken } from './signIn';
import { signOut } from './signOut';
import { switchAccount } from './switchAccount';

type Command = (parts: Parts, clicked: unknown, selected: unknown) => void | Promise<void>;

/** What each command runs. A new command is a file beside this one, a line here, and its entry in package.json. */
const table: Record<CommandId, Command> = {
  [commandIds.signIn]: signInCommand,
  [commandIds.signInWithToken]: signInWithToken,
  [commandIds.signOut]: signOut,
  [commandIds.switchAccount]: switchAccount,
  [commandIds.refreshKeys]: refreshKeys,
  [commandIds.cancelWork]: cancelWork,
  [commandIds.revokeKey]: revokeKey,
  [commandIds.copyKeyId]: copyKeyId,
  [commandIds.copyKeyPrefix]: copyKeyPrefix,
  [commandIds.showLog]: ({ log }) => log.show(),
};

/** Registers every command. */
export function registerCommands(parts: Parts): Disposable {
  const registered = Object.entries(table).map(([id, command]) =>
    commands.registerCommand(id, (clicked: unknown, selected: unknown) => command(parts, clicked, selected)),
  );
  return Disposable.from(...registered);
}
