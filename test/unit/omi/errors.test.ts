import { describe, expect, test } from 'vitest';
import { failureOfStatus, readableDetail, readRetryAfter } from '../../../src/omi/errors';
import { failureOf, omiClient } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { firebaseClaims, jwt, rawDevKey, rawDigits, refreshToken } from '../support/secrets';

const now = Date.UTC(2026, 10, 23, 12);

describe('status to failure', () => {
  test.each([
    [400, { kind: 'invalid', detail: 'words' }],
    [401, { kind: 'unauthenticated', detail: 'words' }],
    [403, { kind: 'forbidden', detail: 'words' }],
    [404, { kind: 'notFound', detail: 'words' }],
    [405, { kind: 'invalid', detail: 'words' }],
    [409, { kind: 'invalid', detail: 'words' }],
    [422, { kind: 'invalid', detail: 'words' }],
    [426, { kind: 'forbidden', detail: 'words' }],
    [429, { kind: 'rateLimited' }],
    [500, { kind: 'server', status: 500, detail: 'words' }],
    [502, { kind: 'server', status: 502, detail: 'words' }],
    [503, { kind: 'server', status: 503, detail: 'words' }],
    [504, { kind: 'server', status: 504, detail: 'words' }],
    [520, { kind: 'server', status: 520, detail: 'words' }],
  ])('%i', (status, failure) => {
    expect(failureOfStatus(status, { detail: 'words' }, undefined, now)).toEqual(failure);
  });

  test.each([100, 304])('%i is outside the contract', (status) => {
    expect(failureOfStatus(status, undefined, undefined, now)).toMatchObject({ kind: 'protocol' });
  });

  test('401 without a word', () => {
    expect(failureOfStatus(401, undefined, undefined, now)).toEqual({ kind: 'unauthenticated' });
  });

  test('the wait is carried by 429 and by 5xx', () => {
    expect(failureOfStatus(429, undefined, '2', now)).toEqual({ kind: 'rateLimited', retryAfter: 2000 });
    expect(failureOfStatus(503, undefined, '2', now)).toMatchObject({ retryAfter: 2000 });
  });
});

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['0.5', 500],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 11:59:00 GMT', 0],
  ])('%j is %i ms', (header, wait) => {
    expect(readRetryAfter(header, now)).toBe(wait);
  });

  test.each([undefined, '', 'soon', 'NaN'])('%j says nothing', (header) => {
    expect(readRetryAfter(header, now)).toBeUndefined();
  });
});

describe('the words of a server', () => {
  test.each([
    ['a string', { detail: 'Invalid scopes: x' }, 'Invalid scopes: x'],
    [
      'an object with a code',
      { detail: { code: 'migration_maintenance', retryable: true } },
      'migration_maintenance',
    ],
    ['a message before its code', { detail: { code: 'x_y', message: 'Try later' } }, 'Try later: x_y'],
    ['an unknown object', { detail: { why: 'because' } }, '{"why":"because"}'],
    [
      'an array',
      { detail: [{ loc: ['body', 'name'], msg: 'Field required', type: 'm' }] },
      'name: Field required',
    ],
    ['an array with an index', { detail: [{ loc: ['body', 'scopes', 1], msg: 'bad' }] }, 'scopes.1: bad'],
    ['an array without places', { detail: [{ msg: 'bad' }] }, 'bad'],
    ['an array of strings', { detail: ['one', 'two'] }, 'one; two'],
    ['an array of junk', { detail: [null, 7, {}] }, ''],
    ['plain text', 'Internal Server Error', 'Internal Server Error'],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a number', 7, ''],
    ['an array at the top', ['x'], ''],
    ['an object without detail', { error: 'x' }, ''],
    ['detail: null', { detail: null }, ''],
    ['several lines', { detail: 'one\r\n  two\tthree ' }, 'one two three'],
  ])('%s', (_, body, words) => {
    expect(readableDetail(body)).toBe(words);
  });

  test('the input of a validation error is not repeated', () => {
    const detail = [{ loc: ['body', 'name'], msg: 'too long', type: 't', input: 'what the person typed' }];
    expect(readableDetail({ detail })).not.toContain('typed');
  });

  test.each([
    ['with doctype', '<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>'],
    ['after blanks', '\r\n  <html>\n<head><title>504</title></head></html>'],
    ['in capitals', '<HTML><BODY>Error</BODY></HTML>'],
    ['as XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['after a comment', '<!-- proxy-7 --><!doctype html><html><body>Error</body></html>'],
    ['without a frame', '<h1>503 Service Unavailable</h1>\nNo server is available to handle this request.'],
    ['after a byte order mark', '\ufeff<!doctype html><html></html>'],
  ])('a gateway page %s has none', (_, page) => {
    expect(readableDetail(page)).toBe('');
  });

  test('long words are cut, also those that take a whole megabyte, in no time', () => {
    const started = performance.now();
    const cut = readableDetail({ detail: 'eyJ a.b "x=" '.repeat(80_000) });
    expect(cut.length).toBeLessThanOrEqual(300);
    expect(cut.endsWith('…')).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('secrets in the words of a server never survive', () => {
  const token = jwt(firebaseClaims());
  const secrets: [string, string, string][] = [
    ['a raw key', rawDevKey, rawDigits],
    ['a JWT', token, token.slice(4)],
    ['an unsigned JWT', jwt(firebaseClaims(), ''), token.split('.')[1] ?? ''],
    ['a bearer', 'Bearer opaque-4711', 'opaque-4711'],
    ['a refresh token', refreshToken, refreshToken.slice(8)],
  ];
  const forms: [string, (secret: string) => string | object][] = [
    ['a string', (secret) => ({ detail: `no: ${secret} is wrong` })],
    ['a code', (secret) => ({ detail: { code: `bad ${secret}` } })],
    ['an unknown object', (secret) => ({ detail: { echo: secret } })],
    ['an array', (secret) => ({ detail: [{ loc: ['body', secret], msg: `bad ${secret}`, type: 't' }] })],
    ['plain text', (secret) => `Traceback: ${secret}`],
    ['a secret across the cut', (secret) => ({ detail: `${'x'.repeat(290)} ${secret}` })],
  ];

  withSandbox();

  describe.each(secrets)('%s', (_, secret, core) => {
    test.each(forms)('in %s', async (__, bodyOf) => {
      sandbox.fault({ times: Infinity, effect: { status: 400, body: bodyOf(secret) } });
      const failure = failureOf(await omiClient({ url: sandbox.url }).list());
      expect(failure.kind).toBe('invalid');
      expect(JSON.stringify(failure)).not.toContain(core);
    });
  });
});
