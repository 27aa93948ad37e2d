import { commands, l10n } from 'vscode';
import { revokeAside } from '../commands/revokeKey';
import { actionTitle, runCommonAction } from '../failures';
import { commandIds } from '../ids';
import { showNotice } from '../notify';
import type { Parts } from '../parts';
import type { KeyLeak } from './keyLeaks';
import type { ScanReport } from './scanReport';

/** A button of the notification. */
interface Remedy {
  readonly title: string;
  readonly act: () => Thenable<unknown>;
}

/**
 * Tells what a scan has come to, and does what the person chooses: see the keys, or deal with the worst of them.
 *
 * @param leaks what the scan has found, the worst first.
 */
export async function tellScan(parts: Parts, report: ScanReport, leaks: readonly KeyLeak[]): Promise<void> {
  const [worst] = leaks;
  const remedies = worst ? [sightOf(parts, worst), remedyFor(parts, worst)].filter((one) => !!one) : [];
  parts.log.info(report.message);
  const titles = remedies.map(({ title }) => title);
  const chosen = await showNotice(report.level, report.message, titles);
  await remedies.find(({ title }) => title === chosen)?.act();
}

/** What can be done about a key that is loud: respond at its place, or revoke one that is in history alone. */
function remedyFor(parts: Parts, { places, judgement }: KeyLeak): Remedy | undefined {
  if (judgement.severity !== 'error' && judgement.severity !== 'warning') return undefined;
  const [found] = places;
  if (found) {
    const { address, find } = found;
    return {
      title: l10n.t('Respond'),
      act: () => commands.executeCommand(commandIds.respondToLeak, { found: { address, find } }),
    };
  }
  const { owner } = judgement;
  return owner && { title: l10n.t('Revoke'), act: () => revokeAside(parts, owner) };
}

/**
 * Where a key is to be seen: in the view; while nobody is signed in, it has no row there, and is among the problems; one
 * that is in history alone is in the log then.
 */
function sightOf({ sessions, view }: Parts, leak: KeyLeak): Remedy {
  if (sessions.state.kind === 'signedIn') return { title: l10n.t('Show'), act: () => view.showLeak(leak) };
  return leak.places.length > 0
    ? {
        title: l10n.t('Show'),
        act: () => commands.executeCommand('workbench.actions.view.problems'),
      }
    : { title: actionTitle('showLog'), act: () => runCommonAction('showLog') };
}
