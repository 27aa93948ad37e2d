// 500 keys revoked as the extension does it, and by curl doing the same requests.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Sessions } from '../src/account/sessions';
import type { Vault } from '../src/account/vault';
import { createKeyAccess } from '../src/keys/keyAccess';
import { revokeKeys } from '../src/keys/revokeKeys';
import { parseBaseUrl } from '../src/omi/baseUrl';
import { createHttp } from '../src/omi/http';
import { createKeysApi } from '../src/omi/keysApi';
import { createRepeat } from '../src/omi/retry';
import { fail, succeed } from '../src/omi/result';
import { startOmi, type BenchOmi } from './sandbox';
import { printComparisons, type Comparison } from './table';

const keyCount = 500;
const atATime = 4;
const run = promisify(execFile);

/** Prints how long both take where the server is near, and where an answer takes as long as from a far one. */
export async function bulk(): Promise<void> {
  const near = await compare('server on this machine', { rounds: 9, latencyMs: 0 });
  const far = await compare('each answer 25 ms later', { rounds: 3, latencyMs: 25 });
  const title = `bulk: list, ${String(keyCount)} DELETEs, ${String(atATime)} at a time, list`;
  printComparisons(title, 'curl', [near, far]);
}

/** Rounds in which both take turns; the first of each warms up and is not counted. */
async function compare(
  what: string,
  { rounds, latencyMs }: { readonly rounds: number; readonly latencyMs: number },
): Promise<Comparison> {
  const omi = await startOmi(latencyMs);
  const directory = await mkdtemp(join(tmpdir(), 'omi-bench-'));
  try {
    const ours: number[] = [];
    const base: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // Who begins changes from round to round.
      const turns = [
        async () => ours.push(await timed(omi, await withExtension(omi))),
        async () => base.push(await timed(omi, await withCurl(omi, directory))),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    return { what, ours: ours.slice(1), base: base.slice(1) };
  } finally {
    await omi.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds that some work takes. Throws when a key is left after it. */
async function timed(omi: BenchOmi, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  const took = performance.now() - start;
  const left = await omi.count();
  if (left > 0) throw new Error(`${String(left)} keys are left.`);
  return took;
}

/** Signs in with the extension's own parts, in memory, and hands out the work that is to be timed. */
async function withExtension(omi: BenchOmi): Promise<() => Promise<void>> {
  const { url, account, token } = omi;
  const now = Date.now;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const sessions = new Sessions({
    vault: memoryVault(),
    marker: { read: () => [], write: () => undefined },
    renew: () => Promise.resolve(fail({ kind: 'unauthenticated' })),
    ...{ now, pause, after: () => ({ dispose: () => undefined }) },
  });
  await sessions.load();
  await sessions.signIn({ account, idToken: token, expiresAt: now() + 3_600_000, renewal: undefined });
  const base = parseBaseUrl(url);
  if (!base.ok) throw new Error('The sandbox has no usable address.');
  const http = createHttp({ userAgent: 'omi-api-keys/bench', timeoutMs: () => 20_000 });
  const api = createKeysApi({ http, repeat: createRepeat(), now });
  const keys = createKeyAccess({ api, sessions, base: () => succeed(base.value), now, pause });
  await omi.seed(keyCount);
  const list = await keys.rings.dev.refresh();
  if (!list.ok) throw new Error(`The list could not be read: ${list.failure.kind}`);
  const targets = list.value.keys.map((key) => ({ accountId: account.id, key }));
  return async () => {
    const outcomes = await revokeKeys(targets, keys.revocation, { signal: new AbortController().signal });
    const revoked = outcomes.filter(({ end }) => end.kind === 'revoked');
    if (revoked.length !== keyCount) throw new Error(`Only ${String(revoked.length)} keys were revoked.`);
    keys.dispose();
    sessions.dispose();
  };
}

/** Writes what curl is to do into files, the token among it, which so is in no process's arguments. */
async function withCurl(omi: BenchOmi, directory: string): Promise<() => Promise<void>> {
  const { url, token } = omi;
  const ids = await omi.seed(keyCount);
  const common = ['silent', 'fail', `header = "Authorization: Bearer ${token}"`];
  const list = `${url}/v1/dev/keys`;
  const read = [...common, `url = "${list}"`];
  const revoke = [
    ...[...common, 'request = "DELETE"', 'parallel', `parallel-max = ${String(atATime)}`],
    ...ids.map((id) => `url = "${list}/${id}"`),
  ];
  const files = { read: join(directory, 'read.curl'), revoke: join(directory, 'revoke.curl') };
  for (const [file, lines] of [
    [files.read, read],
    [files.revoke, revoke],
  ] as const) {
    await writeFile(file, lines.join('\n'), { mode: 0o600 });
  }
  return async () => {
    for (const file of [files.read, files.revoke, files.read]) await run('curl', ['-q', '--config', file]);
  };
}

function memoryVault(): Vault {
  const entries = new Map<string, string>();
  return {
    get: (name) => Promise.resolve(entries.get(name)),
    store: (name, value) => Promise.resolve(void entries.set(name, value)),
    delete: (name) => Promise.resolve(void entries.delete(name)),
    onDidChange: () => ({ dispose: () => undefined }),
  };
}
