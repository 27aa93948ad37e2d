/** Schemes that a browser or the system gives a meaning of its own; they are no program's address. */
const reserved = new Set([
  ...['http', 'https', 'ws', 'wss', 'ftp', 'file', 'filesystem', 'blob', 'data'],
  ...['javascript', 'vbscript', 'about', 'chrome', 'view-source', 'mailto', 'tel'],
]);

/**
 * Where a sign-in may lead back to: `loopback` (http on 127.0.0.1 or localhost), `scheme` (a program's own, such as
 * `vscode://`), or null when the address is refused; https is.
 */
export function kindOfRedirect(uri: string): 'loopback' | 'scheme' | null {
  if (!URL.canParse(uri) || /[\s\\]/.test(uri)) return null;
  const { protocol, hostname, username, password } = new URL(uri);
  if (username !== '' || password !== '') return null;
  if (protocol === 'http:') return hostname === '127.0.0.1' || hostname === 'localhost' ? 'loopback' : null;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(uri)?.[1]?.toLowerCase();
  return scheme !== undefined && !reserved.has(scheme) ? 'scheme' : null;
}

/** The address with the answer. A query that it had before is not looked at, as on the real server. */
export function redirectWith(uri: string, code: string, state: string | null): string {
  return `${uri}?code=${encodeURIComponent(code)}&state=${encodeURIComponent(state ?? '')}`;
}
