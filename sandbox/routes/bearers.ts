import type { AccountName } from '../accounts';
import type { IdTokens } from '../idTokens';
import { badCredentials, notAuthenticated, problem } from '../problems';
import type { KeyLogin, KeyStore } from '../state';

/** Who signs in with an ID token; or the answer that refuses them. An API key is no ID token. */
export function signedIn(authorization: string | undefined, tokens: IdTokens): AccountName | Response {
  if (authorization === undefined || authorization === '') return notAuthenticated();
  const [scheme, credentials] = splitOnce(authorization);
  if (scheme === '' || credentials === '') return notAuthenticated();
  if (scheme.toLowerCase() !== 'bearer') return problem(403, 'Invalid authentication credentials');
  return tokens.accountOf(credentials) ?? badCredentials();
}

/**
 * Whose developer key the bearer is, touching its time of last use; or the answer that refuses it. Data routes are also
 * opened by a cached login of a key that is gone.
 */
export function openedByKey(
  authorization: string | undefined,
  store: KeyStore,
  logins: 'cachedToo' | 'storedOnly',
): KeyLogin | Response {
  if (authorization?.startsWith('Bearer ') !== true) {
    return problem(401, "Missing or invalid Authorization header. Must be 'Bearer API_KEY'");
  }
  const raw = authorization.slice('Bearer '.length);
  if (raw.startsWith('omi_mcp_')) {
    return problem(
      401,
      'This endpoint needs a developer API key (omi_dev_...), not an MCP key (omi_mcp_...)',
    );
  }
  return store.use(raw, logins) ?? problem(401, 'Invalid API Key');
}

function splitOnce(header: string): [string, string] {
  const space = header.indexOf(' ');
  return space < 0 ? [header, ''] : [header.slice(0, space), header.slice(space + 1).trim()];
}
