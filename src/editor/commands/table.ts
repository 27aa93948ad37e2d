import { commandIds, type CommandId } from '../ids';
import type { Parts } from '../parts';
import { addLeakGuard } from './addLeakGuard';
import { checkKey } from './checkKey';
import { copyKeyId, copyKeyPrefix } from './copyKey';
import { createApiKey } from './createKey';
import { clearFilter, filterKeys, sortKeys } from './arrangeKeys';
import { ignoreFile, ignoreLine, stopIgnoring, useReference } from './fixLeak';
import { placeNewKey } from './placeKey';
import { refreshKeys } from './refreshKeys';
import { respondToLeak } from './respondToLeak';
import { cancelWork, revokeKey } from './revokeKey';
import { revokeUnused } from './revokeUnused';
import { resumeRotation, rotateKey, undoRotation } from './rotateKey';
import { scanGitHistory } from './scanHistory';
import { scanWorkspace } from './scanWorkspace';
import { exportActivity, showActivity } from './showActivity';
import { signInCommand, signInWithToken } from './signIn';
import { signOut } from './signOut';
import { switchAccount } from './switchAccount';

/** What a command is handed: the parts, what was clicked, and the selection around it. */
type Command = (parts: Parts, clicked: unknown, selected: unknown) => void | Promise<void>;

/** What each command runs. A new command is a file beside this one, a line here, and its entry in package.json. */
export const commandTable: Record<CommandId, Command> = {
  [commandIds.signIn]: signInCommand,
  [commandIds.signInWithToken]: signInWithToken,
  [commandIds.signOut]: signOut,
  [commandIds.switchAccount]: switchAccount,
  [commandIds.refreshKeys]: refreshKeys,
  [commandIds.cancelWork]: cancelWork,
  [commandIds.createKey]: createApiKey,
  [commandIds.placeKey]: placeNewKey,
  [commandIds.revokeKey]: revokeKey,
  [commandIds.rotateKey]: rotateKey,
  [commandIds.resumeRotation]: resumeRotation,
  [commandIds.undoRotation]: undoRotation,
  [commandIds.copyKeyId]: copyKeyId,
  [commandIds.copyKeyPrefix]: copyKeyPrefix,
  [commandIds.revokeUnused]: revokeUnused,
  [commandIds.sortKeys]: sortKeys,
  [commandIds.filterKeys]: filterKeys,
  [commandIds.clearFilter]: clearFilter,
  [commandIds.respondToLeak]: respondToLeak,
  [commandIds.checkKey]: checkKey,
  [commandIds.scanWorkspace]: scanWorkspace,
  [commandIds.scanHistory]: scanGitHistory,
  [commandIds.useReference]: useReference,
  [commandIds.ignoreFile]: ignoreFile,
  [commandIds.ignoreLine]: ignoreLine,
  [commandIds.stopIgnoring]: stopIgnoring,
  [commandIds.addLeakGuard]: addLeakGuard,
  [commandIds.showLog]: ({ log }) => log.show(),
  [commandIds.showActivity]: showActivity,
  [commandIds.exportActivity]: exportActivity,
};
