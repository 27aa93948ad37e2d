import { createHash } from 'node:crypto';
import type { AccountName } from './accounts';
import { devScopes, prefixOf, readScopes, type Family, type SandboxKey, type TimeForm } from './apiKeys';

interface Seed {
  name: string;
  createdDaysAgo: number;
  /** Hours since the last use; null = never used. */
  usedHoursAgo: number | null;
  scopes?: readonly string[] | null;
  time?: TimeForm;
  legacy?: true;
  appId?: string;
  extra?: Record<string, unknown>;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Exactly 100 characters, the longest name that clients should send. */
export const longName = 'nightly-export-of-every-conversation-to-the-warehouse-'.padEnd(100, 'x0123456789');
export const htmlName = '<b>bold</b><img src=x onerror=alert(1)>';
export const markdownName = '[click](https://example.com) **x** $(trash) |';
export const emojiName = '🚀 deploy 👩‍💻';
export const hebrewName = 'מפתח לשרת הייצור';
export const arabicName = 'مفتاح الهاتف';

const adaDev: Seed[] = [
  { name: 'never-used', createdDaysAgo: 3, usedHoursAgo: null, scopes: readScopes, time: 'z6' },
  { name: 'ci', createdDaysAgo: 12, usedHoursAgo: 26, scopes: ['conversations:read'], time: 'utc6' },
  { name: 'prod-bot', createdDaysAgo: 40, usedHoursAgo: 2, time: 'z6', extra: { environment: 'production' } },
  {
    name: emojiName,
    createdDaysAgo: 55,
    usedHoursAgo: 9 * 24,
    scopes: ['memories:read', 'memories:write'],
    time: 'z3',
  },
  { name: hebrewName, createdDaysAgo: 70, usedHoursAgo: 30 * 24, scopes: ['goals:write'], time: 'offset' },
  { name: longName, createdDaysAgo: 90, usedHoursAgo: 50 * 24, scopes: devScopes, time: 'bare6' },
  { name: htmlName, createdDaysAgo: 110, usedHoursAgo: 5 * 24, scopes: [], time: 'z0' },
  { name: 'ci', createdDaysAgo: 130, usedHoursAgo: 95 * 24, scopes: null, time: 'bare0' },
  { name: markdownName, createdDaysAgo: 150, usedHoursAgo: null, scopes: ['action_items:read'], time: 'z1' },
  {
    name: arabicName,
    createdDaysAgo: 210,
    usedHoursAgo: 80 * 24,
    time: 'offset0',
    extra: { rate_limit: { per_minute: 60 } },
  },
  { name: 'old-laptop', createdDaysAgo: 420, usedHoursAgo: 200 * 24, scopes: readScopes, time: 'utc6' },
  { name: 'Legacy Developer API key', createdDaysAgo: 700, usedHoursAgo: null, time: 'bare0', legacy: true },
];

const adaMcp: Seed[] = [
  {
    name: 'claude-desktop',
    createdDaysAgo: 20,
    usedHoursAgo: 5,
    scopes: ['memories.read', 'memories.write'],
    appId: 'mcp-claude',
  },
  {
    name: 'cursor',
    createdDaysAgo: 60,
    usedHoursAgo: 120 * 24,
    scopes: ['memories.read'],
    time: 'bare6',
    appId: 'mcp-cursor',
  },
  { name: 'editor-trial', createdDaysAgo: 100, usedHoursAgo: null, time: 'utc6' },
];

const graceDev: Seed[] = [
  { name: 'prod-bot', createdDaysAgo: 8, usedHoursAgo: 1, scopes: readScopes },
  { name: 'compiler', createdDaysAgo: 33, usedHoursAgo: 40 * 24, time: 'utc6' },
];

const seeds: Record<AccountName, Record<Family, Seed[]>> = {
  ada: { dev: adaDev, mcp: adaMcp },
  grace: { dev: graceDev, mcp: [] },
  linus: { dev: [], mcp: [] },
};

/**
 * The seeded keys of one account, newest first. Ids and raw keys are the same in every sandbox; times are counted
 * back from `now` (milliseconds).
 */
export function seededKeys(account: AccountName, family: Family, now: number): SandboxKey[] {
  return seeds[account][family].map((seed, index) => {
    const digest = createHash('sha256')
      .update(`${account}/${family}/${String(index)}`)
      .digest('hex');
    const raw = seed.legacy === true ? null : `omi_${family}_${digest.slice(32)}`;
    return {
      id: uuidFrom(digest),
      family,
      name: seed.name,
      prefix: raw === null ? `omi_${family}_legacy` : prefixOf(raw),
      raw,
      createdAt: now - seed.createdDaysAgo * day,
      lastUsedAt: seed.usedHoursAgo === null ? null : now - seed.usedHoursAgo * hour,
      scopes: seed.scopes ?? null,
      appId: seed.appId ?? null,
      timeForm: seed.time ?? 'z6',
      extra: seed.extra ?? {},
    };
  });
}

function uuidFrom(hex: string): string {
  const variant = '89ab'.charAt(parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}
