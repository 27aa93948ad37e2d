import { describe, expect, test } from 'vitest';
import { redact } from '../../../src/omi/redact';
import { firebaseClaims, jwt, rawDevKey, rawMcpKey, refreshToken } from '../support/secrets';

const token = jwt(firebaseClaims());
const unsigned = jwt(firebaseClaims(), '');
const payload = token.split('.')[1] ?? '';

describe('secrets are taken out', () => {
  test('raw keys keep their ends', () => {
    expect(redact(`a ${rawDevKey} b ${rawMcpKey}.`)).toBe('a omi_dev_0123…cdef b omi_mcp_0123…cdef.');
  });

  test.each([
    ['too short', rawDevKey.slice(0, -1)],
    ['too long', `${rawDevKey}0`],
    ['in capitals', `omi_dev_${rawDevKey.slice(8).toUpperCase()}`],
    ['in a longer word', `KEY_${rawDevKey}`],
    ['in an address', `https://example.com/?key=${rawDevKey}&x=1`],
  ])('a raw key that is %s', (_, text) => {
    expect(redact(text).toLowerCase()).not.toContain('456789ab');
  });

  test.each([
    ['a JWT', token],
    ['an unsigned JWT', unsigned],
    ['a JWT in quotes', `"${token}"`],
    ['a JWT in an address', `https://example.com/#id_token=${token}`],
    ['a JWT after an escaped equals sign', `q%3D${token}`],
    ['a JWT after an escaped quote', `%22${token}%22`],
    ['a JWT after an escaped line break', JSON.stringify(`token:\n${token}`)],
    ['a JWT after an underscore', `id_${token}`],
    ['a JWT that was cut', token.slice(0, -20)],
    ['two of its three parts', token.split('.').slice(0, 2).join('.')],
  ])('%s', (_, text) => {
    expect(redact(text)).not.toContain(payload.slice(0, 24));
    expect(redact(text)).not.toContain(token.split('.')[2]);
  });

  test.each([
    ['bare', refreshToken],
    ['in a form', `grant_type=refresh_token&refresh_token=${refreshToken}`],
    ['in JSON', JSON.stringify({ refresh_token: refreshToken })],
    ['after an escaped equals sign', `refresh_token%3D${refreshToken}`],
  ])('a refresh token, %s', (_, text) => {
    expect(redact(text)).not.toContain(refreshToken.slice(4));
  });

  test.each([
    'Authorization: Bearer opaque-4711',
    'authorization: bearer opaque-4711',
    '{"Authorization":"Bearer opaque-4711"}',
    "curl -H 'Authorization: Bearer opaque-4711'",
    'BEARER   opaque-4711, and more',
  ])('the bearer of %j', (text) => {
    expect(redact(text)).not.toContain('4711');
  });

  test.each([
    'http://127.0.0.1:1234/callback?code=opaque-4711&x=1',
    'http://127.0.0.1:1234/callback?x=1&code=opaque-4711',
    'grant_type=authorization_code&code=opaque-4711&redirect_uri=x',
    'code=opaque-4711&redirect_uri=x',
    'code_verifier=opaque-4711',
    'a code_verifier=opaque-4711 b',
    'body: "code_verifier=opaque-4711"',
    '/v1/auth/authorize?code_challenge=opaque-4711',
    'vscode://omi-community.omi-api-keys/callback?state=opaque-4711',
    'https://example.com/#access_token=opaque-4711',
    '(id_token=opaque-4711)',
    'first line\ncode=opaque-4711',
  ])('the parameter of %j', (text) => {
    expect(redact(text)).not.toContain('4711');
  });

  test.each([
    '{"idToken":"opaque-4711"}',
    '{"id_token": "opaque-4711"}',
    '{"refreshToken" : "opaque-4711", "expiresIn": "3600"}',
    '{"refresh_token":"opaque-4711"}',
    '{"access_token":"opaque-4711"}',
    '{"custom_token":"opaque-4711"}',
    '{"token":"opaque-4711","returnSecureToken":true}',
    '{"code":"opaque-4711"}',
    '{"code_verifier":"opaque-4711"}',
    '{"authorization":"opaque-4711"}',
    '{"key":"opaque-4711"}',
    JSON.stringify(JSON.stringify({ refresh_token: 'opaque-4711' })),
    '{"token":"a\\"opaque-4711"}',
  ])('the member of %j', (text) => {
    expect(redact(text)).not.toContain('4711');
  });

  test('several at once, and nothing else of the line', () => {
    const line = `GET /v1/dev/keys 401 with Bearer ${token} for ${rawDevKey} (12 ms)`;
    const clean = redact(line);
    expect(clean).toMatch(/^GET \/v1\/dev\/keys 401 with Bearer \S+ for omi_dev_0123…cdef \(12 ms\)$/);
  });
});

describe('ordinary text is left alone', () => {
  test.each([
    '',
    'status code: 404',
    'error code ECONNREFUSED',
    'state: signedOut',
    'session state is signedIn',
    'omi_dev_1a2b...9f0e',
    'omi_dev_1a2b…9f0e',
    'omi_dev_legacy and omi_mcp_legacy',
    'omi_dev_your_key_here',
    '{"key_prefix":"omi_dev_1a2b...9f0e","name":"ci"}',
    'DELETE /v1/dev/keys/5b0c9f0e-2b1a-4c3d-8e7f-001122334455 204 (12 ms)',
    '{"id":"5b0c9f0e-2b1a-4c3d-8e7f-001122334455","scopes":["memories:read"]}',
    'https://api.omi.me/v1/dev/keys',
    'zipcode=12345',
    'the Omi session of ada@example.com has expired',
    'eyJ is how it begins',
  ])('%j', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('what is redacted stays as it is when redacted again', () => {
    const once = redact(`Bearer ${token} ${rawDevKey} ?code=x {"token":"y"}`);
    expect(redact(once)).toBe(once);
  });

  test('a megabyte takes no time', () => {
    const started = performance.now();
    for (const piece of ['eyJ', 'AMf-', 'Bearer ', '"token" : ', 'omi_dev_0', '?code=', ' ', 'a.']) {
      redact(piece.repeat(Math.ceil(1_000_000 / piece.length)));
    }
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
