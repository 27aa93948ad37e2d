import { workspace, l10n } from 'vscode';
import { defaultBaseUrl, parseBaseUrl, type BaseUrl, type BaseUrlProblem } from '../omi/baseUrl';
import type { OmiFailure } from '../omi/errors';
import { fail, type Result } from '../omi/result';

const section = 'omi';

/** Every setting this extension contributes, without the section; a test holds the table against package.json. */
export const settingNames = {
  apiBaseUrl: 'apiBaseUrl',
  requestTimeoutSeconds: 'requestTimeoutSeconds',
} as const;

const baseUrlProblems: Record<BaseUrlProblem, () => string> = {
  notAnAddress: () => l10n.t('It is not a web address.'),
  scheme: () => l10n.t('It must begin with https://.'),
  plainHttp: () => l10n.t('Plain http is allowed for this machine only (127.0.0.1, localhost); use https.'),
  credentials: () => l10n.t('It must not hold a user name or password.'),
  query: () => l10n.t('It must not hold a query (?) or fragment (#).'),
};

/** The configured server, or `misconfigured` with what is wrong with it. */
export function readBaseUrl(): Result<BaseUrl> {
  const parsed = parseBaseUrl(apiBaseUrl());
  if (parsed.ok) return parsed;
  return fail<OmiFailure>({
    kind: 'misconfigured',
    setting: `${section}.${settingNames.apiBaseUrl}`,
    problem: baseUrlProblems[parsed.failure](),
  });
}

/** Whether the server is Omi's own, whose tokens are of a known project. */
export function usesDefaultServer(): boolean {
  const parsed = parseBaseUrl(apiBaseUrl());
  return parsed.ok && parsed.value.prefix === defaultBaseUrl;
}

/** Time limit of one request, in milliseconds; nonsense in the setting falls back to the default. */
export function requestTimeoutMs(): number {
  const seconds = workspace.getConfiguration(section).get<unknown>(settingNames.requestTimeoutSeconds);
  const isSound = typeof seconds === 'number' && seconds > 0 && seconds <= 300;
  return (isSound ? seconds : 20) * 1000;
}

function apiBaseUrl(): string {
  const value = workspace.getConfiguration(section).get<unknown>(settingNames.apiBaseUrl);
  return typeof value === 'string' ? value : '';
}
