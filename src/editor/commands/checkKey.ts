import { l10n } from 'vscode';
import { noticeOfCheck, useHint } from '../leaks/checkNotice';
import { inquire } from '../leaks/inquiry';
import { settleKey } from '../leaks/keyInQuestion';
import { offer } from '../leaks/leakNotice';
import type { Parts } from '../parts';
import { respondTo } from './respondToLeak';
import { signIn } from './signIn';

/** "Omi: Check Whether an API Key Is Alive": asks Omi about one key and changes nothing. Works signed out. */
export async function checkKey(parts: Parts, clicked: unknown): Promise<void> {
  const title = l10n.t('Check Whether an API Key Is Alive');
  const question = await settleKey(parts, clicked, title, useHint());
  if (!question) return;
  for (;;) {
    const { identity, failure } = await inquire(parts, question);
    const { accounts } = parts.sessions;
    const notice = noticeOfCheck({ key: question.seen, identity, failure, accounts });
    const action = notice && (await offer(notice));
    if (action === 'respond') return respondTo(parts, question);
    if (action === 'signIn' && !(await signIn(parts))) return;
    if (action !== 'tryAgain' && action !== 'signIn') return;
  }
}
