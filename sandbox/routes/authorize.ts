import { Hono } from 'hono';
import { accounts, isAccountName, type AccountName } from '../accounts';
import type { RouteBindings } from '../gate';
import type { IdTokens } from '../idTokens';
import { consentPage, declinedPage, expiredPage, handOverPage } from '../pages';
import { invalid, problem } from '../problems';
import { kindOfRedirect, redirectWith } from '../redirectUris';
import type { Attempt, Provider, SignInDesk } from '../signInDesk';

/** Signing in through the browser: authorize, the person's consent, and the exchange of the code. */
export function authorizeRoutes(desk: SignInDesk, tokens: IdTokens) {
  const app = new Hono<{ Bindings: RouteBindings }>();

  app.get('/v1/auth/authorize', (c) => {
    const attempt = readAttempt(new URL(c.req.url).searchParams);
    return attempt instanceof Response ? attempt : consentPage(desk.begin(attempt), attempt);
  });

  app.post('/v1/auth/consent', async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const account = form.get('account') ?? '';
    const decision = form.get('decision');
    if (decision !== 'decline' && (decision !== 'allow' || !isAccountName(account))) {
      return problem(400, 'A decision and an account are needed');
    }
    const attempt = desk.decide(form.get('attempt') ?? '');
    if (!attempt) return expiredPage();
    if (decision === 'decline' || !isAccountName(account)) return declinedPage();
    const url = redirectWith(attempt.redirectUri, desk.issueCode(account, attempt), attempt.state);
    if (kindOfRedirect(attempt.redirectUri) === 'scheme') return handOverPage(url, attempt.redirectUri);
    return c.redirect(url, 302);
  });

  app.post('/v1/auth/token', async (c) => {
    const isForm = c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
    const form = new URLSearchParams(isForm ? await c.req.text() : '');
    const [grantType, code, redirectUri] = ['grant_type', 'code', 'redirect_uri'].map((name) =>
      form.get(name),
    );
    if (grantType == null || code == null || redirectUri == null) {
      const missing = ['grant_type', 'code', 'redirect_uri'].filter((name) => form.get(name) === null);
      return invalid(...missing.map((name) => missingField('body', name)));
    }
    if (grantType !== 'authorization_code') return problem(400, 'Unsupported grant type');
    const redeemed = desk.redeem(code, { redirectUri, codeVerifier: form.get('code_verifier') });
    if (typeof redeemed === 'string') return problem(400, redeemed);

    const { account, provider } = redeemed;
    const wantsCustomToken = /^(true|1|yes|on)$/i.test(form.get('use_custom_token') ?? '');
    return c.json({
      provider,
      id_token: providerToken(provider, account, tokens),
      access_token: `sandbox-${provider}-access-token`,
      provider_id: `${provider}.com`,
      token_type: 'Bearer',
      expires_in: 3600,
      ...(wantsCustomToken ? { custom_token: desk.customToken(account) } : {}),
    });
  });
  return app;
}

function readAttempt(query: URLSearchParams): Attempt | Response {
  const provider = query.get('provider');
  const redirectUri = query.get('redirect_uri');
  if (provider === null || redirectUri === null) {
    const missing = ['provider', 'redirect_uri'].filter((name) => query.get(name) === null);
    return invalid(...missing.map((name) => missingField('query', name)));
  }
  if (!isProvider(provider)) return problem(400, 'Unsupported provider');
  if (kindOfRedirect(redirectUri) === null) return problem(400, 'Invalid redirect_uri');
  const codeChallenge = query.get('code_challenge');
  if (codeChallenge === null) return problem(400, 'code_challenge is required');
  if (query.get('code_challenge_method') !== 'S256')
    return problem(400, 'code_challenge_method must be S256');
  if (!/^[A-Za-z0-9_-]{43}$/.test(codeChallenge)) return problem(400, 'Invalid code_challenge');
  return { provider, redirectUri, state: query.get('state'), codeChallenge };
}

function isProvider(text: string): text is Provider {
  return text === 'google' || text === 'apple';
}

function missingField(place: 'query' | 'body', name: string) {
  return { type: 'missing', loc: [place, name], msg: 'Field required', input: null };
}

/** The ID token of Google or Apple, which Omi's API does not take as a bearer. */
function providerToken(provider: Provider, account: AccountName, tokens: IdTokens): string {
  return tokens.encode({
    iss: provider === 'google' ? 'https://accounts.google.com' : 'https://appleid.apple.com',
    aud: 'sandbox-client',
    sub: `sandbox-${account}`,
    email: accounts[account].email,
  });
}
