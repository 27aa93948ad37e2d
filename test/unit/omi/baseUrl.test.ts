import { describe, expect, test } from 'vitest';
import { defaultBaseUrl, isLoopback, parseBaseUrl, urlBelow } from '../../../src/omi/baseUrl';
import { failureOf, valueOf } from '../support/omiClient';

describe('a base address that is taken', () => {
  test.each([
    ['the default', defaultBaseUrl, 'https://api.omi.me', 'https://api.omi.me'],
    ['a slash at the end', 'https://api.omi.me/', 'https://api.omi.me', 'https://api.omi.me'],
    ['several slashes', 'https://api.omi.me///', 'https://api.omi.me', 'https://api.omi.me'],
    ['a path prefix', 'https://example.com/omi/api', 'https://example.com', 'https://example.com/omi/api'],
    ['prefix and slash', 'https://example.com/omi/', 'https://example.com', 'https://example.com/omi'],
    ['blanks around it', '  https://api.omi.me\n', 'https://api.omi.me', 'https://api.omi.me'],
    ['capitals', 'HTTPS://API.OMI.ME', 'https://api.omi.me', 'https://api.omi.me'],
    ['a port', 'https://example.com:8443', 'https://example.com:8443', 'https://example.com:8443'],
    ['IPv4 loopback', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['other loopback', 'http://127.1.2.3', 'http://127.1.2.3', 'http://127.1.2.3'],
    ['localhost', 'http://localhost:3000/x', 'http://localhost:3000', 'http://localhost:3000/x'],
    ['LOCALHOST', 'http://LOCALHOST:3000', 'http://localhost:3000', 'http://localhost:3000'],
    ['IPv6 loopback', 'http://[::1]:9000/', 'http://[::1]:9000', 'http://[::1]:9000'],
    ['https on loopback', 'https://127.0.0.1:1', 'https://127.0.0.1:1', 'https://127.0.0.1:1'],
  ])('%s', (_, text, origin, prefix) => {
    expect(valueOf(parseBaseUrl(text))).toEqual({ origin, prefix });
  });
});

describe('a base address that is refused', () => {
  test.each([
    ['plain http', 'http://example.com', 'plainHttp'],
    ['the default over plain http', 'http://api.omi.me', 'plainHttp'],
    ['a name that begins like loopback', 'http://127.0.0.1.evil.com', 'plainHttp'],
    ['a name that begins like localhost', 'http://localhost.evil.com', 'plainHttp'],
    ['a name that ends like localhost', 'http://evil-localhost', 'plainHttp'],
    ['an address that begins like loopback', 'http://128.0.0.1', 'plainHttp'],
    ['any interface', 'http://0.0.0.0', 'plainHttp'],
    ['another IPv6 address', 'http://[::2]', 'plainHttp'],
    ['loopback as user name', 'http://127.0.0.1@evil.com', 'plainHttp'],
    ['a script', 'javascript:alert(1)', 'scheme'],
    ['a file', 'file:///etc/passwd', 'scheme'],
    ['a web socket', 'wss://api.omi.me', 'scheme'],
    ['no scheme but a port', 'localhost:8080', 'scheme'],
    ['user and password', 'https://user:password@api.omi.me', 'credentials'],
    ['a user', 'https://user@api.omi.me', 'credentials'],
    ['a password on loopback', 'http://:password@127.0.0.1', 'credentials'],
    ['a query', 'https://api.omi.me/?debug=1', 'query'],
    ['an empty query', 'https://api.omi.me?', 'query'],
    ['a fragment', 'https://api.omi.me/#top', 'query'],
    ['an empty fragment', 'https://api.omi.me#', 'query'],
    ['nothing', '', 'notAnAddress'],
    ['blanks', '  \n ', 'notAnAddress'],
    ['a bare name', 'api.omi.me', 'notAnAddress'],
    ['words', 'not an address', 'notAnAddress'],
    ['no host', 'https://', 'notAnAddress'],
    ['a port beyond all', 'https://api.omi.me:99999', 'notAnAddress'],
    ['binary', '\u0000\u0001\ufffd', 'notAnAddress'],
  ])('%s', (_, text, problem) => {
    expect(failureOf(parseBaseUrl(text))).toBe(problem);
  });

  test('what counts as loopback is told of host names alone', () => {
    expect(isLoopback('::1')).toBe(true);
    expect(isLoopback('[::1]')).toBe(true);
    expect(isLoopback('127.0.0.1.evil.com')).toBe(false);
    expect(isLoopback('')).toBe(false);
  });
});

describe('an address below a base address', () => {
  const base = valueOf(parseBaseUrl('https://example.com/omi/'));

  test('keeps the prefix and encodes every segment', () => {
    const url = valueOf(urlBelow(base, ['v1', 'dev', 'keys', 'a/b?c#d%e ü..']));
    expect(url.href).toBe('https://example.com/omi/v1/dev/keys/a%2Fb%3Fc%23d%25e%20%C3%BC..');
  });

  test.each(['', '.', '..', '\ud83d', 'x\udc00'])('refuses the segment %j', (segment) => {
    expect(failureOf(urlBelow(base, ['v1', segment]))).toEqual({ segment });
  });

  test.each(['%2e%2e', '.%2e', '...', '..\\..', '//evil.com', 'https://evil.com', '\\\\evil.com', '\t..\n'])(
    'the segment %j stays one segment of the same origin',
    (segment) => {
      const url = valueOf(urlBelow(base, ['v1', segment]));
      expect(url.origin).toBe('https://example.com');
      expect(url.pathname).toBe(`/omi/v1/${encodeURIComponent(segment)}`);
    },
  );
});
