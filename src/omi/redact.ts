import { maskRawKey } from './rawKey';

const hidden = '‹hidden›';

/** JSON Web Tokens (also cut or unsigned ones) and the emulator's tokens: base64url that begins with `{"`. */
const tokenPattern = /eyJ[A-Za-z0-9_-]{8,}[=]*(?:\.[A-Za-z0-9_-]*){0,2}/g;
/** Google's refresh tokens. */
const refreshTokenPattern = /AMf-[A-Za-z0-9_-]{16,}/g;
const bearerPattern = /(\bBearer\s+)[^\s"',;]+/gi;
/** `name=value` in addresses and forms, for every name that carries a secret. */
const parameterPattern =
  /((?<![A-Za-z0-9_-])(?:code|code_verifier|code_challenge|state|id_token|refresh_token|access_token|custom_token|token)=)[^\s"'&)]+/gi;
/** `"name": "value"` in JSON, likewise. */
const memberPattern =
  /(\\?"(?:code|code_?verifier|id_?token|refresh_?token|access_?token|custom_?token|token|authorization|key)\\?"\s*:\s*\\?")(?:[^"\\]|\\(?!"\s*[,}\]]).)+/gis;

/**
 * Takes every known form of secret out of a text: raw keys become their masked form, tokens, codes and verifiers
 * a fixed mark. For log lines and for words that came from a server.
 */
export function redact(text: string): string {
  return maskRawKey(text)
    .replace(tokenPattern, hidden)
    .replace(refreshTokenPattern, hidden)
    .replace(bearerPattern, `$1${hidden}`)
    .replace(parameterPattern, `$1${hidden}`)
    .replace(memberPattern, `$1${hidden}`);
}
