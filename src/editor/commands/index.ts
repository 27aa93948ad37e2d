import { commands, Disposable } from 'vscode';
import { commandIds, type CommandId } from '../ids';
import type { KeyInQuestion } from '../leaks/keyInQuestion';
import type { Parts } from '../parts';
import { clipboardTimers } from '../secrets/clipboard';

type Command = (parts: Parts, clicked: unknown, selected: unknown) => void | Promise<void>;

/** A command whose code is loaded when it is first run, so that activation loads little. */
function later<M>(load: () => Promise<M>, choose: (module: M) => Command): Command {
  return async (parts, clicked, selected) => choose(await load())(parts, clicked, selected);
}

/** What each command runs. A new command is a file beside this one, a line here, and its entry in package.json. */
const table: Record<CommandId, Command> = {
  [commandIds.signIn]: later(
    () => import('./signIn'),
    ({ signInCommand }) => signInCommand,
  ),
  [commandIds.signInWithToken]: later(
    () => import('./signIn'),
    ({ signInWithToken }) => signInWithToken,
  ),
  [commandIds.signOut]: later(
    () => import('./signOut'),
    ({ signOut }) => signOut,
  ),
  [commandIds.switchAccount]: later(
    () => import('./switchAccount'),
    ({ switchAccount }) => switchAccount,
  ),
  [commandIds.refreshKeys]: later(
    () => import('./refreshKeys'),
    ({ refreshKeys }) => refreshKeys,
  ),
  [commandIds.cancelWork]: later(
    () => import('./revokeKey'),
    ({ cancelWork }) => cancelWork,
  ),
  [commandIds.createKey]: later(
    () => import('./createKey'),
    ({ createApiKey }) => createApiKey,
  ),
  [commandIds.placeKey]: later(
    () => import('./placeKey'),
    ({ placeNewKey }) => placeNewKey,
  ),
  [commandIds.revokeKey]: later(
    () => import('./revokeKey'),
    ({ revokeKey }) => revokeKey,
  ),
  [commandIds.rotateKey]: later(
    () => import('./rotateKey'),
    ({ rotateKey }) => rotateKey,
  ),
  [commandIds.resumeRotation]: later(
    () => import('./rotateKey'),
    ({ resumeRotation }) => resumeRotation,
  ),
  [commandIds.undoRotation]: later(
    () => import('./rotateKey'),
    ({ undoRotation }) => undoRotation,
  ),
  [commandIds.copyKeyId]: later(
    () => import('./copyKey'),
    ({ copyKeyId }) => copyKeyId,
  ),
  [commandIds.copyKeyPrefix]: later(
    () => import('./copyKey'),
    ({ copyKeyPrefix }) => copyKeyPrefix,
  ),
  [commandIds.revokeUnused]: later(
    () => import('./revokeUnused'),
    ({ revokeUnused }) => revokeUnused,
  ),
  [commandIds.sortKeys]: later(
    () => import('./arrangeKeys'),
    ({ sortKeys }) => sortKeys,
  ),
  [commandIds.filterKeys]: later(
    () => import('./arrangeKeys'),
    ({ filterKeys }) => filterKeys,
  ),
  [commandIds.clearFilter]: later(
    () => import('./arrangeKeys'),
    ({ clearFilter }) => clearFilter,
  ),
  [commandIds.respondToLeak]: later(
    () => import('./respondToLeak'),
    ({ respondToLeak }) => respondToLeak,
  ),
  [commandIds.checkKey]: later(
    () => import('./checkKey'),
    ({ checkKey }) => checkKey,
  ),
  [commandIds.scanWorkspace]: later(
    () => import('./scanWorkspace'),
    ({ scanWorkspace }) => scanWorkspace,
  ),
  [commandIds.scanHistory]: later(
    () => import('./scanHistory'),
    ({ scanGitHistory }) => scanGitHistory,
  ),
  [commandIds.useReference]: later(
    () => import('./fixLeak'),
    ({ useReference }) => useReference,
  ),
  [commandIds.ignoreFile]: later(
    () => import('./fixLeak'),
    ({ ignoreFile }) => ignoreFile,
  ),
  [commandIds.ignoreLine]: later(
    () => import('./fixLeak'),
    ({ ignoreLine }) => ignoreLine,
  ),
  [commandIds.stopIgnoring]: later(
    () => import('./fixLeak'),
    ({ stopIgnoring }) => stopIgnoring,
  ),
  [commandIds.addLeakGuard]: later(
    () => import('./addLeakGuard'),
    ({ addLeakGuard }) => addLeakGuard,
  ),
  [commandIds.showLog]: ({ log }) => log.show(),
  [commandIds.showActivity]: later(
    () => import('./showActivity'),
    ({ showActivity }) => showActivity,
  ),
  [commandIds.exportActivity]: later(
    () => import('./showActivity'),
    ({ exportActivity }) => exportActivity,
  ),
};

/** Responds to a leaked key that is no argument of a command, because it is secret: one in the terminal. */
export async function respondTo(parts: Parts, question: KeyInQuestion): Promise<void> {
  const { respondTo: respond } = await import('./respondToLeak');
  await respond(parts, question);
}

/** Registers every command. */
export function registerCommands(parts: Parts): Disposable {
  const registered = Object.entries(table).map(([id, command]) =>
    commands.registerCommand(id, (clicked: unknown, selected: unknown) => command(parts, clicked, selected)),
  );
  return Disposable.from(clipboardTimers, ...registered);
}
