import { fail, succeed, type Result } from './result';

/** A checked base address: the origin that may see the bearer, and what every path is appended to. */
export interface BaseUrl {
  readonly origin: string;
  /** Origin and path prefix, without a slash at the end. */
  readonly prefix: string;
}

/** Why a base address is refused. */
export type BaseUrlProblem = 'notAnAddress' | 'scheme' | 'plainHttp' | 'credentials' | 'query';

/** The public API (docs/omi-api.md). */
export const defaultBaseUrl = 'https://api.omi.me';

/**
 * Checks a base address: `https`, or `http` on loopback; no credentials, query or fragment. A path prefix and a slash
 * at the end are fine.
 */
export function parseBaseUrl(text: string): Result<BaseUrl, BaseUrlProblem> {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    return fail('notAnAddress');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return fail('scheme');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return fail('plainHttp');
  if (url.username !== '' || url.password !== '') return fail('credentials');
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return fail('query');
  return succeed({ origin: url.origin, prefix: url.origin + url.pathname.replace(/\/+$/, '') });
}

/** Whether a host name can only mean this machine. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return host === 'localhost' || host === '[::1]' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The address of a path below a base address.
 *
 * @param path path segments, each encoded here. A segment that no address can carry (empty, `.`, `..`, or with a lone
 *   surrogate) fails: it would silently name another resource.
 */
export function urlBelow(base: BaseUrl, path: readonly string[]): Result<URL, { segment: string }> {
  for (const segment of path) {
    if (segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed())
      return fail({ segment });
  }
  return succeed(new URL(`${base.prefix}/${path.map(encodeURIComponent).join('/')}`));
}
