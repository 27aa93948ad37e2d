import { randomBytes } from 'node:crypto';
import { accountNames, accounts } from './accounts';
import { kindOfRedirect } from './redirectUris';
import type { Attempt } from './signInDesk';

/** The text with every character escaped that means something in HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** The page on which the person picks an account and allows or declines. */
export function consentPage(attemptId: string, attempt: Attempt): Response {
  const choices = accountNames.map((name, index) => {
    const { name: full, email } = accounts[name];
    const checked = index === 0 ? ' checked' : '';
    return `<label><input type="radio" name="account" value="${name}"${checked}> ${escapeHtml(full)} <small>${escapeHtml(email)}</small></label>`;
  });
  const body = `
<h1>Sign in to the Omi sandbox</h1>
<p><strong>${escapeHtml(whoAsks(attempt.redirectUri))}</strong> asks to use your Omi account.
It will be able to see, create and revoke your API keys.</p>
<form method="post" action="consent">
<input type="hidden" name="attempt" value="${escapeHtml(attemptId)}">
<fieldset><legend>Account (${attempt.provider === 'google' ? 'Google' : 'Apple'})</legend>
${choices.join('\n')}
</fieldset>
<p>The answer goes to <code>${escapeHtml(attempt.redirectUri)}</code></p>
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="decline">Decline</button>
</form>`;
  // The form's answer leads on to the program that asked, which browsers hold against form-action too.
  const target =
    kindOfRedirect(attempt.redirectUri) === 'loopback' ? ` ${new URL(attempt.redirectUri).origin}` : '';
  return page('Sign in', body, { formAction: `'self'${target}` });
}

/** Leads on to a program with a scheme of its own: by itself where the browser allows it, else by the link. */
export function handOverPage(url: string, redirectUri: string): Response {
  const nonce = randomBytes(12).toString('base64');
  const body = `
<h1>You are signed in</h1>
<p><a href="${escapeHtml(url)}">Return to ${escapeHtml(whoAsks(redirectUri))}</a></p>
<script nonce="${nonce}">location.href = ${JSON.stringify(url).replaceAll('<', '\\u003c')};</script>`;
  return page('Signed in', body, { scriptNonce: nonce });
}

/** The end of a declined sign-in. The program that asked hears nothing. */
export function declinedPage(): Response {
  return page('Declined', '<h1>You declined</h1>\n<p>Nothing was sent back. You can close this page.</p>');
}

/** The end of an attempt that is unknown, decided already, or older than 300 s. */
export function expiredPage(): Response {
  const body = '<h1>This sign-in has expired</h1>\n<p>Start it again from the program that asked.</p>';
  return page('Expired', body, { status: 400 });
}

function whoAsks(redirectUri: string): string {
  const { protocol, host } = new URL(redirectUri);
  const editors: Record<string, string> = {
    'vscode:': 'Visual Studio Code',
    'vscode-insiders:': 'Visual Studio Code Insiders',
    'cursor:': 'Cursor',
  };
  return protocol === 'http:'
    ? `A program on this computer (${host})`
    : (editors[protocol] ?? protocol.slice(0, -1));
}

interface PageOptions {
  status?: number;
  formAction?: string;
  scriptNonce?: string;
}

function page(title: string, body: string, options: PageOptions = {}): Response {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `form-action ${options.formAction ?? "'none'"}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...(options.scriptNonce === undefined ? [] : [`script-src 'nonce-${options.scriptNonce}'`]),
  ].join('; ');
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Omi sandbox</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }
fieldset { margin: 1rem 0; padding: .75rem 1rem; }
label { display: block; padding: .35rem 0; }
button { font: inherit; padding: .5rem 1.25rem; margin-right: .5rem; }
code { overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
</style>
</head>
<body>
<main>${body}
</main>
</body>
</html>
`;
  return new Response(html, {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  });
}
