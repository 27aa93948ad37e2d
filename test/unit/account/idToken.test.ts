import { describe, expect, test } from 'vitest';
import { omiProject, readClaims, readPastedToken, type TokenProblem } from '../../../src/account/idToken';
import { failureOf, valueOf } from '../support/omiClient';
import { firebaseClaims, jwt, rawDevKey, rawDigits, rawMcpKey, refreshToken } from '../support/secrets';

const now = Date.UTC(2026, 10, 23, 12);
const soon = now / 1000 + 1800;
const token = jwt(firebaseClaims({ exp: soon }));

const read = (text: string, project: string | undefined = omiProject) =>
  readPastedToken(text, { now, project });
const problem = (text: string): TokenProblem => failureOf(read(text));

describe('a good token', () => {
  test('as it is', () => {
    expect(valueOf(read(token))).toEqual({
      token,
      claims: {
        accountId: 'uid-of-ada',
        email: 'ada@example.com',
        name: 'Ada Lovelace',
        project: omiProject,
        expiresAt: soon * 1000,
      },
      trimmed: [],
    });
  });

  test('unsigned, as the Auth emulator has it', () => {
    const unsigned = jwt(firebaseClaims({ exp: soon }), '');
    expect(valueOf(read(unsigned)).token).toBe(unsigned);
  });

  test('without email and name, and with sub alone', () => {
    const bare = jwt({
      ...firebaseClaims({ exp: soon }),
      user_id: undefined,
      email: undefined,
      name: undefined,
    });
    expect(valueOf(read(bare)).claims).toMatchObject({
      accountId: 'uid-of-ada',
      email: undefined,
      name: undefined,
    });
  });

  test('of any project when none is asked for', () => {
    const other = jwt(firebaseClaims({ exp: soon, aud: 'my-own' }));
    expect(valueOf(readPastedToken(other, { now, project: undefined })).claims.project).toBe('my-own');
  });
});

const half = Math.floor(token.length / 2);
const broken = (lineBreak: string) =>
  `${token.slice(0, 40)}${lineBreak}${token.slice(40, half)}${lineBreak}${token.slice(half)}`;

describe('what is left out on the way, and named', () => {
  test.each([
    ['double quotes', `"${token}"`, ['quotes']],
    ['single quotes', `'${token}'`, ['quotes']],
    ['back ticks', `\`${token}\``, ['quotes']],
    ['curly double quotes', `“${token}”`, ['quotes']],
    ['curly single quotes', `‘${token}’`, ['quotes']],
    ['quotes within quotes', `"'${token}'"`, ['quotes']],
    ['quotes and a comma', `"${token}",`, ['quotes']],
    ['quotes and a semicolon', `'${token}';`, ['quotes']],
    ['blanks within quotes', `" ${token} "`, ['quotes']],
    ['Bearer', `Bearer ${token}`, ['bearer']],
    ['bearer', `bearer   ${token}`, ['bearer']],
    ['BEARER and a tab', `BEARER\t${token}`, ['bearer']],
    ['a whole header', `Authorization: Bearer ${token}`, ['bearer']],
    ['a whole header in small letters', `authorization:bearer ${token}`, ['bearer']],
    ['a header in quotes', `"Authorization: Bearer ${token}"`, ['bearer', 'quotes']],
    ['a bearer of quotes', `Bearer "${token}"`, ['bearer', 'quotes']],
    ['a break in the middle', broken('\n'), ['lineBreaks']],
    ['breaks of Windows', broken('\r\n'), ['lineBreaks']],
    ['breaks of old Macs', broken('\r'), ['lineBreaks']],
    ['breaks and indentation', broken('  \n    '), ['lineBreaks']],
    ['breaks in a row', broken('\n\n\n'), ['lineBreaks']],
    ['a break before the quote', `"${token}\n"`, ['lineBreaks', 'quotes']],
    ['a break after Bearer', `Bearer\n${token}`, ['bearer', 'lineBreaks']],
    ['a break in the header', `Authorization:\r\n Bearer\r\n ${token}`, ['bearer', 'lineBreaks']],
    [
      'all at once',
      `\r\n 'Authorization: Bearer "${broken('\r\n')}"'\r\n`,
      ['bearer', 'lineBreaks', 'quotes'],
    ],
  ])('%s', (_, text, trimmed) => {
    const pasted = valueOf(read(text));
    expect(pasted.token).toBe(token);
    expect([...pasted.trimmed].sort()).toEqual(trimmed);
  });

  test.each([
    ['breaks at the end', `${token}\r\n\n`],
    ['blanks around', ` \t${token}  `],
    ['a byte order mark', `\ufeff${token}`],
  ])('%s go without a word', (_, text) => {
    expect(valueOf(read(text))).toMatchObject({ token, trimmed: [] });
  });
});

describe('what cannot serve', () => {
  test.each(['', ' ', '\t \r\n', '""', "''", '" "', '“”', '\ufeff'])('%j is empty', (text) => {
    expect(problem(text)).toEqual({ kind: 'empty' });
  });

  test.each(['Bearer', 'Bearer ', 'hello', 'a.b', 'a.b.c.d', '..', 'null', '{"a":1}'])(
    '%j is no token',
    (text) => {
      expect(problem(text)).toEqual({ kind: 'notAToken' });
    },
  );

  test.each([
    ['1 MB of letters', 'a'.repeat(1024 * 1024)],
    ['1 MB of a token', `${token}${'A'.repeat(1024 * 1024)}`],
    ['9 KB', `${token}${'A'.repeat(9 * 1024)}`],
    ['1 MB of zeroes', '\u0000'.repeat(1024 * 1024)],
  ])('%s: too long, told quickly', (_, text) => {
    const started = performance.now();
    expect(problem(text)).toEqual({ kind: 'tooLong' });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test.each([
    ['zero', `${token.slice(0, 9)}\u0000${token.slice(9)}`],
    ['bytes of a picture', '\u0089PNG\u001a\u0000\u0000IHDR\u00ff\u00d8'],
    ['a zero-width blank', `${token}\u200b`],
    ['letters beyond ASCII', 'ключ'],
    ['an emoji', '🔑'],
    ['half an emoji', '\ud83d'],
    ['words', 'the token of Ada'],
    ['a header without a token', 'Authorization: Bearer'],
  ])('characters that no token has: %s', (_, text) => {
    expect(problem(text)).toEqual({ kind: 'unprintable' });
  });

  test.each([
    ['by as much as a clock may be off', now / 1000 - 300],
    ['an hour ago', now / 1000 - 3600],
    ['the beginning of time', 0],
    ['before that', -1],
  ])('expired: %s', (_, exp) => {
    expect(problem(jwt(firebaseClaims({ exp })))).toEqual({ kind: 'expired', at: exp * 1000 });
  });

  test.each([
    ['to the second', now / 1000],
    ['nearly five minutes ago', now / 1000 - 299],
  ])('expired %s: this clock may be ahead, the server decides', (_, exp) => {
    expect(valueOf(read(jwt(firebaseClaims({ exp })))).claims.expiresAt).toBe(exp * 1000);
  });

  test('of another project', () => {
    expect(problem(jwt(firebaseClaims({ exp: soon, aud: 'someone-else' })))).toEqual({
      kind: 'otherProject',
      project: 'someone-else',
      expected: omiProject,
    });
  });

  test.each([
    ['Google itself', firebaseClaims({ exp: soon, iss: 'https://accounts.google.com' })],
    ['Apple', firebaseClaims({ exp: soon, iss: 'https://appleid.apple.com' })],
    [
      'a name that only holds the right one',
      firebaseClaims({ exp: soon, iss: 'https://evil.com/https://securetoken.google.com/x' }),
    ],
    ['nobody', firebaseClaims({ exp: soon, iss: undefined })],
    ['no person', firebaseClaims({ exp: soon, sub: undefined, user_id: undefined })],
    ['no time', firebaseClaims({ exp: undefined })],
    ['a time in words', firebaseClaims({ exp: '1763888887' })],
    ['several projects', firebaseClaims({ exp: soon, aud: [omiProject] })],
    ['an array', [1]],
    ['null', null],
    ['a string', 'claims'],
  ])('a JWT of another kind: %s', (_, claims) => {
    expect(problem(jwt(claims))).toEqual({ kind: 'notFirebase' });
  });

  test('a time without end cannot be kept and is no time', () => {
    const endless = Buffer.from(JSON.stringify(firebaseClaims()).replace('2000000000', '1e999')).toString(
      'base64url',
    );
    const [head = '', , signature = ''] = token.split('.');
    expect(problem(`${head}.${endless}.${signature}`)).toEqual({ kind: 'notFirebase' });
  });

  test.each([
    ['a payload that is no JSON', `${token.split('.')[0] ?? ''}.bm90IGpzb24.c2ln`],
    ['an empty payload', `${token.split('.')[0] ?? ''}..c2ln`],
    ['letters of no base64url', `${token.split('.')[0] ?? ''}.a+b/c=.c2ln`],
    ['two parts', token.split('.').slice(0, 2).join('.')],
    ['a refresh token', refreshToken],
  ])('no JWT: %s', (_, text) => {
    expect(problem(text)).toEqual({ kind: 'notAToken' });
    expect(failureOf(readClaims(text))).toEqual({ kind: 'notAToken' });
  });

  test.each([
    ['developer key', rawDevKey, 'omi_dev_0123…cdef'],
    ['MCP key', rawMcpKey, 'omi_mcp_0123…cdef'],
    ['in quotes', `"${rawDevKey}"`, 'omi_dev_0123…cdef'],
    ['as bearer', `Authorization: Bearer ${rawMcpKey}`, 'omi_mcp_0123…cdef'],
    ['with a break in it', `${rawDevKey.slice(0, 20)}\n${rawDevKey.slice(20)}`, 'omi_dev_0123…cdef'],
  ])('an API key: %s', (_, text, masked) => {
    expect(problem(text)).toEqual({ kind: 'apiKey', masked });
  });

  test.each([
    ['too short', rawDevKey.slice(0, -3)],
    ['too long', `${rawDevKey}00`],
    ['in capitals', `omi_dev_${rawDigits.toUpperCase()}`],
    ['only begun', 'omi_dev_'],
  ])('what is meant as an API key: %s', (_, text) => {
    expect(problem(text)).toMatchObject({ kind: 'apiKey' });
  });
});

describe('a problem never holds what was pasted', () => {
  test.each([
    ['an API key', rawDevKey],
    ['a line of an .env file', `DB_PASSWORD=hunter2-4711-swordfish OMI_API_KEY=${rawDevKey}`],
    ['a line with key and token', `{"key":"${rawDevKey}","refresh":"${refreshToken}"}`],
    ['a token and an API key', `${token},${rawDevKey}`],
    ['an API key too short', rawDevKey.slice(0, -3)],
    ['an API key with a tail', `${rawDevKey}-hunter2-4711-swordfish`],
    ['an expired token', jwt(firebaseClaims({ exp: 1 }))],
    ['a token of another project', jwt(firebaseClaims({ exp: soon, aud: 'other' }))],
    ['a token of another issuer', jwt({ iss: 'x' })],
    ['a refresh token', refreshToken],
    ['a password', 'hunter2-4711-swordfish'],
    ['a password with a space', 'hunter2-4711-swordfish omi'],
    ['a token with binary', `${token}\u0000`],
    ['a token too long', `${token}${'A'.repeat(9000)}`],
  ])('%s', (_, text) => {
    const told = JSON.stringify(problem(text));
    for (const word of text.match(/[A-Za-z0-9_-]{20,}/g) ?? []) expect(told).not.toContain(word);
    expect(told).not.toContain('hunter2');
    expect(told).not.toContain(rawDigits.slice(4, 12));
    expect(told).not.toContain(token.slice(40, 60));
  });
});

describe('hostile texts of the longest length are answered quickly', () => {
  test.each([
    ['quotes in quotes', '"'.repeat(32_000)],
    ['blanks before a break', `a${' '.repeat(31_000)}b\nc`],
    ['a letter a line', 'a\n'.repeat(16_000)],
    ['bearers in a row', 'bearer '.repeat(4500)],
    ['bearers a line', 'bearer\n'.repeat(4500)],
  ])('%s', (_, text) => {
    const started = performance.now();
    expect(read(text).ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
