import { l10n, window, workspace, type QuickPickItem } from 'vscode';
import type { ListedKey } from '../../omi/schemas';
import { showNotice } from '../notify';
import type { Parts } from '../parts';
import { asPlainText, namedKey, withoutIcons } from '../words';
import { copySecret } from './clipboard';
import { writeToEnv } from './envFile';
import { cursorPlace, insertSecret, writableEditor } from './insertAtCursor';
import type { Placing } from './placing';

/** What a person is asked while a secret looks for its place. */
export interface PlaceQuestion {
  readonly title: string;
  /** Ways that the caller adds to the usual ones, shown first; each does its work and says where the secret is now. */
  readonly more?: readonly PlaceWay[];
}

/** A way to put a secret somewhere. */
export interface PlaceWay {
  readonly label: string;
  readonly detail: string;
  /** @returns where the secret is now, in words, one entry a place; undefined when the person gave up or it failed (told). */
  readonly put: (secret: string) => Promise<readonly string[] | undefined>;
}

interface UsualWay extends QuickPickItem {
  readonly put: () => Promise<Placing>;
}

/**
 * Asks where the secret of a new key goes, and puts it there: clipboard, .env, cursor, or VS Code's vault. A secret that
 * is held stays held; whoever asks lets go of it. What the person must know about the place, or why it failed, is told.
 *
 * @returns the places in words, such as `.env (OMI_API_KEY)`; undefined when it is nowhere yet.
 */
export async function placeSecret(
  parts: Parts,
  key: ListedKey,
  secret: string,
  question: PlaceQuestion,
): Promise<readonly string[] | undefined> {
  await parts.loaded;
  const more = question.more ?? [];
  const usual = usualWays(parts, key, secret, question.title);
  const items = [...more.map(({ label, detail }) => ({ label, detail: withoutIcons(detail) })), ...usual];
  const picked = await pickWay(items, question.title);
  const way = more.find(({ label }) => label === picked?.label);
  if (way) return way.put(secret);
  const placing = await usual.find((one) => one === picked)?.put();
  if (placing?.kind === 'placed' && !placing.note) return [placing.place];
  if (placing) void tellPlacing(key, placing);
  return placing?.kind === 'placed' ? [placing.place] : undefined;
}

/** Like {@link placeSecret} with the usual ways alone, for those who tell what came of it themselves. */
export async function tryToPlace(
  parts: Parts,
  key: ListedKey,
  secret: string,
  title: string,
): Promise<Placing> {
  return (await pickWay(usualWays(parts, key, secret, title), title))?.put();
}

/** Tells what came of a way, and does what the person then chooses. `more` is said last. */
export async function tellPlacing(key: ListedKey, placing: NonNullable<Placing>, more = ''): Promise<void> {
  if (placing.kind === 'failed') {
    await showNotice('error', placing.message, []);
    return;
  }
  const { place, note = '', isRisky, offer } = placing;
  const said = l10n.t('Placed the secret of {0}: {1}.', namedKey(key), place);
  const message = [said, note, more].filter(Boolean).join(' ');
  const chosen = await showNotice(isRisky || more ? 'warn' : 'info', message, offer ? [offer.title] : []);
  if (offer && chosen === offer.title) await offer.act();
}

function pickWay<T extends QuickPickItem>(ways: readonly T[], title: string): Thenable<T | undefined> {
  const placeHolder = l10n.t('Where does the secret go? It is never shown, and Omi gives it only once.');
  return window.showQuickPick(ways, { title, placeHolder, ignoreFocusOut: true });
}

function usualWays(
  { pending, log }: Parts,
  key: ListedKey,
  secret: string,
  title: string,
): readonly UsualWay[] {
  const editor = writableEditor();
  const held = pending.keys.find((one) => one.key.id === key.id);
  const ways: readonly (UsualWay | false | undefined)[] = [
    {
      label: l10n.t('Copy'),
      detail: l10n.t('To the clipboard'),
      put: () => copySecret(secret, log),
    },
    !!workspace.workspaceFolders?.length && {
      label: l10n.t('Write to .env'),
      detail: l10n.t('As a variable such as OMI_API_KEY'),
      put: () => writeToEnv(secret, title, log),
    },
    editor && {
      label: l10n.t('Insert at Cursor'),
      detail: l10n.t('Into {0}, where anyone with the file can read it', withoutIcons(cursorPlace(editor))),
      put: () => insertSecret(editor, secret),
    },
    held &&
      !held.isKept && {
        label: l10n.t("Keep in VS Code's Vault"),
        detail: l10n.t('Place New API Key puts it elsewhere later'),
        put: async () => {
          await pending.keep(key.id);
          return { kind: 'placed', place: l10n.t("VS Code's vault") };
        },
      },
  ];
  return ways.flatMap((way) => (way ? [{ ...way, put: () => safely(way.put) }] : []));
}

/** What VS Code refuses is no placing, and its words are shown. */
async function safely(put: () => Promise<Placing>): Promise<Placing> {
  try {
    return await put();
  } catch (error) {
    const message = l10n.t('VS Code refused. It says: {0}', asPlainText(String(error)));
    return { kind: 'failed', message };
  }
}
