import { workspace, l10n } from 'vscode';
import { keyOrders, type KeyOrder } from '../keys/keyTraits';
import { settingNames, settingsSection as section } from './ids';
import { parseEmulatorHost, type FirebaseServer } from '../omi/firebase';
import { defaultBaseUrl, parseBaseUrl, type BaseUrl, type BaseUrlProblem } from '../omi/baseUrl';
import type { OmiFailure } from '../omi/errors';
import { fail, succeed, type Result } from '../omi/result';

const baseUrlProblems: Record<BaseUrlProblem, () => string> = {
  notAnAddress: () => l10n.t('It is not a web address.'),
  scheme: () => l10n.t('It must begin with https://.'),
  plainHttp: () => l10n.t('Plain http is allowed for this machine only (127.0.0.1, localhost); use https.'),
  credentials: () => l10n.t('It must not hold a user name or password.'),
  query: () => l10n.t('It must not hold a query (?) or fragment (#).'),
};

/** The configured server, or `misconfigured` with what is wrong with it. */
export function readBaseUrl(): Result<BaseUrl> {
  const parsed = parseBaseUrl(text(settingNames.apiBaseUrl));
  if (parsed.ok) return parsed;
  return misconfigured(settingNames.apiBaseUrl, baseUrlProblems[parsed.failure]());
}

/** The configured Firebase, or `misconfigured` with what is wrong with it. */
export function readFirebaseServer(): Result<FirebaseServer> {
  const apiKey = text(settingNames.firebaseApiKey).trim();
  if (apiKey === '') return misconfigured(settingNames.firebaseApiKey, l10n.t('It is empty.'));
  const host = text(settingNames.authEmulatorHost);
  if (host.trim() === '') return succeed({ apiKey, emulatorHost: undefined });
  const emulatorHost = parseEmulatorHost(host);
  if (emulatorHost.ok) return succeed({ apiKey, emulatorHost: emulatorHost.value });
  return misconfigured(
    settingNames.authEmulatorHost,
    emulatorHost.failure === 'notLoopback'
      ? l10n.t('The emulator must run on this machine (127.0.0.1, localhost).')
      : l10n.t('It must read host:port, such as 127.0.0.1:9099.'),
  );
}

/** What to say when Google does not take the client key any more. */
export function clientKeyProblem(): OmiFailure {
  return {
    kind: 'misconfigured',
    setting: `${section}.${settingNames.firebaseApiKey}`,
    problem: l10n.t(
      'Google does not accept this Firebase key. Omi may have restricted it; enter a current one.',
    ),
    wasSent: true,
  };
}

/** Whether tokens must be of Omi's own Firebase project: only while its own server and no emulator is used. */
export function isProjectKnown(): boolean {
  const parsed = parseBaseUrl(text(settingNames.apiBaseUrl));
  return (
    parsed.ok && parsed.value.prefix === defaultBaseUrl && text(settingNames.authEmulatorHost).trim() === ''
  );
}

/** Time limit of one request, in milliseconds; nonsense in the setting falls back to the default. */
export function requestTimeoutMs(): number {
  return numberWithin(settingNames.requestTimeoutSeconds, Number.MIN_VALUE, 300, 20) * 1000;
}

/** Days without use after which a key counts as stale. */
export function staleAfterDays(): number {
  return numberWithin(settingNames.staleAfterDays, 1, 3650, 90);
}

/** Seconds after which a secret is taken off the clipboard; 0 = never. */
export function clipboardClearAfterSeconds(): number {
  return numberWithin(settingNames.clipboardClearAfterSeconds, 0, 86_400, 60);
}

/** The order of the keys in the view. */
export function keyOrder(): KeyOrder {
  const order = text(settingNames.sortBy);
  return keyOrders.find((known) => known === order) ?? 'lastUsed';
}

/** Whether files are looked into for keys while they are opened and edited. */
export function isWatchingForLeaks(): boolean {
  return workspace.getConfiguration(section).get<unknown>(settingNames.leaksWatch) !== false;
}

/** Globs of what is not looked into for keys. */
export function leakExcludes(): readonly string[] {
  const value = workspace.getConfiguration(section).get<unknown>(settingNames.leaksExclude);
  return Array.isArray(value) ? value.filter((glob): glob is string => typeof glob === 'string') : [];
}

function misconfigured(name: string, problem: string): Result<never> {
  return fail({ kind: 'misconfigured', setting: `${section}.${name}`, problem });
}

function numberWithin(name: string, least: number, most: number, otherwise: number): number {
  const value = workspace.getConfiguration(section).get<unknown>(name);
  return typeof value === 'number' && value >= least && value <= most ? value : otherwise;
}

function text(name: string): string {
  const value = workspace.getConfiguration(section).get<unknown>(name);
  return typeof value === 'string' ? value : '';
}
