import { describe, expect, test } from 'vitest';
import { createSecrets } from '../../../src/account/pkce';

describe('the secrets of an attempt', () => {
  test('the example of RFC 7636, appendix B', () => {
    const bytes = Buffer.from([
      ...[116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186],
      ...[22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121],
    ]);
    const asked: number[] = [];
    const { verifier, challenge } = createSecrets((size) => {
      asked.push(size);
      return bytes;
    });
    expect(verifier).toBe('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
    expect(challenge).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    expect(asked.every((size) => size >= 32)).toBe(true);
  });

  test('verifier and state are drawn apart', () => {
    let draws = 0;
    const { verifier, state } = createSecrets((size) => Buffer.alloc(size, (draws += 1)));
    expect(state).not.toBe(verifier);
    expect(draws).toBe(2);
  });

  test('are of the lengths and letters that every server takes, and never the same', () => {
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const secrets = createSecrets();
      for (const secret of [secrets.verifier, secrets.challenge, secrets.state]) {
        expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
        seen.add(secret);
      }
    }
    expect(seen.size).toBe(600);
  });
});
