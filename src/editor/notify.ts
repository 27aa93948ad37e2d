import { window } from 'vscode';
import type { OmiFailure } from '../omi/errors';
import { actionTitle, runCommonAction, wordsForFailure, type FailureAction } from './failures';
import { failureLine, type Log } from './log';

export interface Notice {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly actions: readonly FailureAction[];
}

/** Shows one notification, or a modal question, with buttons of these titles; gives the title chosen. */
export function showNotice(
  level: Notice['level'],
  message: string,
  titles: readonly string[],
  modal = false,
): Thenable<string | undefined> {
  const show = {
    info: window.showInformationMessage,
    warn: window.showWarningMessage,
    error: window.showErrorMessage,
  };
  return show[level](message, { modal }, ...titles);
}

/**
 * Shows one notification and waits for the person. Actions that mean the same everywhere are done here.
 *
 * @returns the action chosen, or undefined when the notification was closed.
 */
export async function notify({ level, message, actions }: Notice): Promise<FailureAction | undefined> {
  const chosen = await showNotice(level, message, actions.map(actionTitle));
  const action = actions.find((candidate) => actionTitle(candidate) === chosen);
  if (action) await runCommonAction(action);
  return action;
}

/** Logs a failure and tells the person about it, after a sentence on what it means. A cancel is silent. */
export async function notifyFailure(
  failure: OmiFailure,
  log: Log,
  allowed: readonly FailureAction[],
  meaning = '',
): Promise<FailureAction | undefined> {
  const words = wordsForFailure(failure);
  if (!words) return undefined;
  log[words.level](failureLine(failure));
  const always: readonly FailureAction[] = ['showLog', 'openSettings'];
  const actions = words.actions.filter((action) => allowed.includes(action) || always.includes(action));
  return notify({ level: words.level, message: `${meaning} ${words.sentence}`.trim(), actions });
}
