import { l10n } from 'vscode';
import { actionTitle, runCommonAction, type FailureAction } from '../failures';
import { showNotice } from '../notify';

/** What a person can do once a leaked key was looked into; each is one button. */
export type LeakAction =
  | FailureAction
  | 'signInElsewhere'
  | 'respond'
  /** Goes on with the one key that the list shows for a raw key that Omi refuses. */
  | 'respondToListed'
  /** Lets the person choose the key in the list. */
  | 'pickKey'
  | 'replaceInFiles'
  /** Makes a new key, for the places that no reference fits. */
  | 'createKey'
  | 'incidentNote';

/** One notification about a leaked key. */
export interface LeakNotice {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly actions: readonly LeakAction[];
}

/**
 * Shows one notification and waits for the person. Actions that mean the same everywhere are done here.
 *
 * @returns the action chosen, or undefined when the notification was closed.
 */
export async function offer({ level, message, actions }: LeakNotice): Promise<LeakAction | undefined> {
  const chosen = await showNotice(level, message, actions.map(titleOf));
  const action = actions.find((one) => titleOf(one) === chosen);
  if (action === 'showLog' || action === 'openSettings') await runCommonAction(action);
  return action;
}

function titleOf(action: LeakAction): string {
  switch (action) {
    case 'signInElsewhere':
      return l10n.t('Sign In with Another Account');
    case 'respond':
    case 'respondToListed':
      return l10n.t('Respond');
    case 'pickKey':
      return l10n.t('Revoke API Key');
    case 'replaceInFiles':
      return l10n.t('Replace in Files');
    case 'createKey':
      return l10n.t('Create New Key');
    case 'incidentNote':
      return l10n.t('Open Incident Note');
    default:
      return actionTitle(action);
  }
}
