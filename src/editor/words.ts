import { env, l10n } from 'vscode';
import { displayPrefix } from '../keys/key';
import { summarizeScopes } from '../keys/scopes';
import { redact } from '../omi/redact';
import type { ListedKey } from '../omi/schemas';

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

// Making a formatter takes as long as a hundred uses of it, and a list may have thousands of times.
const formats = {
  relative: once(() => new Intl.RelativeTimeFormat(env.language, { numeric: 'always' })),
  clock: once(() => new Intl.DateTimeFormat(env.language, { hour: '2-digit', minute: '2-digit' })),
  full: once(() => new Intl.DateTimeFormat(env.language, { dateStyle: 'medium', timeStyle: 'short' })),
};

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** "3 days ago", "in 2 hours"; times in milliseconds since the epoch, in VS Code's display language. */
export function relativeTime(time: number, now: number): string {
  const distance = time - now;
  const [unit, length] = steps.find(([, size]) => Math.abs(distance) >= size) ?? ['second', 1000];
  if (unit === 'second') return l10n.t('just now');
  return formats.relative().format(Math.trunc(distance / length), unit);
}

/** "14:05" in VS Code's display language. */
export function clockTime(time: number): string {
  return formats.clock().format(time);
}

/** "14:05"; with the day where that is not the day of `now`. */
export function dayOrClockTime(time: number, now: number): string {
  const isToday = new Date(time).toDateString() === new Date(now).toDateString();
  return isToday ? clockTime(time) : fullTime(time);
}

/** Date and time in full, in VS Code's display language. */
export function fullTime(time: number): string {
  return formats.full().format(time);
}

/** "used 3 days ago" or "never used". Omi's record of use lags by up to an hour, so nothing finer is said. */
export function usage(key: ListedKey, now: number): string {
  if (key.lastUsedAt === null) return l10n.t('never used');
  if (now - key.lastUsedAt < 3_600_000) return l10n.t('used within the last hour');
  return l10n.t('used {0}', relativeTime(key.lastUsedAt, now));
}

/** How many keys a group has, as it is spoken. `shown`: the count as it is seen, such as "2 of 12". */
export function spokenCount(group: string, shown: string, all: number): string {
  return all === 1 ? l10n.t('{0}, {1} key', group, shown) : l10n.t('{0}, {1} keys', group, shown);
}

/** The name of a key for a row or a sentence, without secrets in it; a key without one is named by its prefix. */
export function keyName(key: ListedKey): string {
  const name = oneLine(key.name);
  return name === '' ? displayPrefix(key) : name;
}

/** `"prod-bot" (omi_dev_1a2b…9f0e)`, safe for a notification or a dialog. */
export function namedKey(key: ListedKey): string {
  return `"${asPlainText(keyName(key))}" (${asPlainText(displayPrefix(key))})`;
}

/**
 * Words of others, without secrets, for a place where VS Code would read links: notifications turn `[a](b)` into a link. Right-to-left
 * text is isolated, so that it does not turn the sentence around it.
 */
export function asPlainText(text: string): string {
  const unlinked = oneLine(text).replace(/\](?=\()/g, ']\u200b');
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(unlinked) ? `\u2068${unlinked}\u2069` : unlinked;
}

/** Words of others, without secrets, for a place where VS Code would read `$(icon)`: quick picks. */
export function withoutIcons(text: string): string {
  return oneLine(text).replace(/\$\(/g, '\\$(');
}

/** Without secrets, line breaks, control characters and marks that reorder text. */
function oneLine(text: string): string {
  const line = text.replace(/[\u202a-\u202e\u2066-\u2069]/g, '').replace(/[\s\p{Cc}]+/gu, ' ');
  return redact(line).trim();
}

/** What a key may do, in plain words: "Read only", "Read memories, write action items". */
export function scopesInWords(key: Pick<ListedKey, 'family' | 'scopes'>): string {
  const summary = summarizeScopes(key);
  switch (summary.kind) {
    case 'nothing':
      return l10n.t('Nothing: this key can do nothing');
    case 'readOnly':
      return l10n.t('Read only');
    case 'fullAccess':
      return l10n.t('Full access');
    case 'some': {
      const list = (names: readonly string[]): string => names.map(resourceName).join(', ');
      const parts = [
        summary.read.length > 0 ? l10n.t('read {0}', list(summary.read)) : '',
        summary.write.length > 0 ? l10n.t('write {0}', list(summary.write)) : '',
        ...summary.other,
      ];
      const text = oneLine(parts.filter(Boolean).join(', '));
      return text.charAt(0).toLocaleUpperCase(env.language) + text.slice(1);
    }
  }
}

/** The name of a resource, as in "write action items"; one that this version does not know, as it is. */
export function resourceName(resource: string): string {
  switch (resource) {
    case 'conversations':
      return l10n.t('conversations');
    case 'memories':
      return l10n.t('memories');
    case 'action_items':
      return l10n.t('action items');
    case 'goals':
      return l10n.t('goals');
    default:
      return resource;
  }
}
