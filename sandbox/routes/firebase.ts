import { Hono } from 'hono';
import { accounts } from '../accounts';
import type { RouteBindings } from '../gate';
import { googleError, keyBlocked } from '../googleErrors';
import { sandboxProject } from '../idTokens';
import type { SignInDesk } from '../signInDesk';

const identityToolkit = 'identitytoolkit.googleapis.com';
const secureToken = 'securetoken.googleapis.com';

/** A client key that this Firebase refuses as restricted by its owner. */
export const blockedClientKey = 'blocked';

/** Firebase's sign-in and refresh, below the host names as the Auth emulator has them. */
export function firebaseRoutes(desk: SignInDesk) {
  const app = new Hono<{ Bindings: RouteBindings }>();

  app.post(`/${identityToolkit}/v1/:method`, async (c) => {
    if (c.req.param('method') !== 'accounts:signInWithCustomToken')
      return googleError(404, 'Method not found.');
    const refused = refusedKey(c.req.query('key'), identityToolkit);
    if (refused) return refused;
    const wanted = readJson(await c.req.text());
    if (!wanted) return googleError(400, 'Invalid JSON payload received.');
    const { token, returnSecureToken } = wanted;
    if (typeof token !== 'string' || token === '') return googleError(400, 'MISSING_CUSTOM_TOKEN');
    if (token.split('.').length !== 3) {
      return googleError(
        400,
        'INVALID_CUSTOM_TOKEN : Invalid assertion format. 3 dot separated segments required.',
      );
    }
    const account = desk.accountOfCustomToken(token);
    if (!account) return googleError(400, 'INVALID_CUSTOM_TOKEN');
    if (desk.standingOf(account) === 'disabled') return googleError(400, 'USER_DISABLED');
    const { idToken, refreshToken } = desk.openSession(account);
    desk.firebaseSignIns += 1;
    return c.json({
      kind: 'identitytoolkit#VerifyCustomTokenResponse',
      idToken,
      ...(returnSecureToken === true ? { refreshToken } : {}),
      expiresIn: String(desk.idTokenSeconds),
      isNewUser: false,
      // Firebase gives it at times only; clients are to read the uid in the token.
      ...(desk.firebaseSignIns % 2 === 0 ? { localId: accounts[account].uid } : {}),
    });
  });

  app.post(`/${secureToken}/v1/token`, async (c) => {
    const refused = refusedKey(c.req.query('key'), secureToken);
    if (refused) return refused;
    const text = await c.req.text();
    const isJson = c.req.header('content-type')?.startsWith('application/json') === true;
    const fields = isJson ? (readJson(text) ?? {}) : Object.fromEntries(new URLSearchParams(text));
    const { grant_type: grantType, refresh_token: refreshToken } = fields;
    if (grantType === undefined) return googleError(400, 'MISSING_GRANT_TYPE');
    if (grantType !== 'refresh_token') return googleError(400, 'INVALID_GRANT_TYPE');
    if (typeof refreshToken !== 'string' || refreshToken === '')
      return googleError(400, 'MISSING_REFRESH_TOKEN');
    const refreshed = desk.refresh(refreshToken);
    if (typeof refreshed === 'string') return googleError(400, refreshed);
    const { account, session } = refreshed;
    return c.json({
      access_token: session.idToken,
      expires_in: String(desk.idTokenSeconds),
      token_type: 'Bearer',
      refresh_token: session.refreshToken,
      id_token: session.idToken,
      user_id: accounts[account].uid,
      project_id: sandboxProject,
    });
  });
  return app;
}

function refusedKey(key: string | undefined, service: string): Response | null {
  if (key === undefined || key === '') {
    return googleError(
      403,
      "Method doesn't allow unregistered callers (callers without established identity).",
    );
  }
  return key === blockedClientKey ? keyBlocked(service) : null;
}

function readJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
