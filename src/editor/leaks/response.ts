import { Disposable, l10n, window, TerminalLink, type TerminalLinkProvider } from 'vscode';
import type { DeathWatchEnd } from '../../leaks/deathWatch';
import { maskedKey, seenKeyOf } from '../../leaks/seenKey';
import { findRawKeys } from '../../omi/rawKey';
import { respondTo } from '../commands';
import { notify } from '../notify';
import type { Parts } from '../parts';
import { namedKey } from '../words';
import { proofForActivity } from './endNotice';
import { refusalInWords } from './identityNotice';
import { tellLife } from './tellLife';

/** A raw key in the terminal. The key is in memory alone, for as long as VS Code holds the link. */
class KeyLink extends TerminalLink {
  readonly raw: string;

  constructor(offset: number, raw: string) {
    const tooltip = l10n.t('Respond to Leaked API Key {0}', maskedKey(seenKeyOf(raw)));
    super(offset, raw.length, tooltip);
    this.raw = raw;
  }
}

/** Makes links of raw keys in the terminal, and tells how revoked keys end that a cached login still lets in. */
export function registerLeakResponse(parts: Parts): Disposable {
  const { deathWatch } = parts.leaks;
  return Disposable.from(
    deathWatch,
    deathWatch.onDidEnd((ended) => void tellDeath(parts, ended)),
    window.registerTerminalLinkProvider(keyLinks(parts)),
  );
}

function keyLinks(parts: Parts): TerminalLinkProvider<KeyLink> {
  return {
    provideTerminalLinks: ({ line }) => findRawKeys(line).map(({ offset, raw }) => new KeyLink(offset, raw)),
    handleTerminalLink: ({ raw }) => respondTo(parts, { raw, seen: seenKeyOf(raw), at: undefined }),
  };
}

/** Tells that a key whose cached login was over is dead, or that this could not be seen within an hour. */
async function tellDeath(parts: Parts, { key, target, end, answers, server }: DeathWatchEnd): Promise<void> {
  const named = namedKey(target.key);
  const isDead = end === 'dead';
  parts.log.info(`Death watch over ${target.key.family} key ${named} ${target.key.id}: ${end}`);
  const deed = { action: 'respond' as const, accountId: target.accountId, key: target.key };
  if (isDead) {
    parts.record.note([{ ...deed, end: 'provenDead', proof: proofForActivity(answers) }]);
    await tellLife(parts, key, { kind: 'dead' }, server);
  }
  await notify(
    isDead
      ? {
          level: 'info',
          message: wordsForDeath(named, answers),
          actions: [],
        }
      : {
          level: 'error',
          message: l10n.t(
            '{0} is revoked and no longer listed, but in an hour Omi was not seen to refuse it everywhere. This window asks no more.',
            named,
          ),
          actions: ['showLog'],
        },
  );
}

/** Says who refuses a dead key: a server may lack one of the routes. */
function wordsForDeath(named: string, { keyRoute, dataRoute }: DeathWatchEnd['answers']): string {
  if (keyRoute === 'dead' && dataRoute === 'dead') {
    return l10n.t('Proven dead: {0}. The cached login is over, and Omi refuses the key everywhere.', named);
  }
  const refusal = refusalInWords(keyRoute === 'dead' ? 'keyRoute' : 'dataRoute');
  return `${l10n.t('Proven dead: {0}. The cached login is over.', named)} ${refusal}`;
}
