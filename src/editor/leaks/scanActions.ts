import { commands, l10n } from 'vscode';
import { commandIds } from '../ids';
import { showNotice } from '../notify';
import type { Parts } from '../parts';
import type { KeyLeak } from './keyLeaks';
import type { ScanReport } from './scanReport';

/**
 * Tells what a scan has come to, and does what the person chooses: see the keys, or deal with the worst of them.
 *
 * @param leaks what the scan has found, the worst first.
 */
export async function tellScan(parts: Parts, report: ScanReport, leaks: readonly KeyLeak[]): Promise<void> {
  const [worst] = leaks;
  const show = l10n.t('Show');
  const remedy = worst && remedyFor(worst);
  const titles = [...(worst ? [show] : []), ...(remedy ? [remedy.title] : [])];
  parts.log.info(report.message);
  const chosen = await showNotice(report.level, report.message, titles);
  if (worst && chosen === show) await showLeak(parts, worst);
  if (remedy && chosen === remedy.title) await remedy.act();
}

/** What can be done about a key that is loud: respond at its place, or revoke one that is in history alone. */
function remedyFor({
  places,
  judgement,
}: KeyLeak): { title: string; act: () => Thenable<unknown> } | undefined {
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
  return (
    owner && {
      title: l10n.t('Revoke'),
      act: () => commands.executeCommand(commandIds.revokeKey, { kind: 'key', target: owner }),
    }
  );
}

/** Shows a key in the view; where it has no row there, because nobody is signed in, among the problems. */
async function showLeak({ sessions, view }: Parts, leak: KeyLeak): Promise<void> {
  if (sessions.state.kind === 'signedIn') await view.showLeak(leak);
  else await commands.executeCommand('workbench.actions.view.problems');
}
