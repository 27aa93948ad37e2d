// A process that works on a rotation with the real parts below the editor, a journal and a vault in files, and can be
// killed. It takes its order as JSON from standard input, tells its progress in lines, and ends with what came out.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { readClaims } from '../../../src/account/idToken';
import { sessionOfToken } from '../../../src/account/session';
import { Sessions } from '../../../src/account/sessions';
import type { Vault } from '../../../src/account/vault';
import type { Journal } from '../../../src/keys/journal';
import type { KeyTarget } from '../../../src/keys/key';
import { createKeyAccess } from '../../../src/keys/keyAccess';
import { PendingSecrets } from '../../../src/keys/pendingSecrets';
import { revokeKeys } from '../../../src/keys/revokeKeys';
import { Rotations, type Rotation, type RotationProblem } from '../../../src/keys/rotation';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { createHttp } from '../../../src/omi/http';
import { createKeysApi } from '../../../src/omi/keysApi';
import { createPulse } from '../../../src/omi/pulseApi';
import { fail, succeed, type Result } from '../../../src/omi/result';
import { createRepeat } from '../../../src/omi/retry';

/** Where the process stops for ever, to be killed there: right before a write. */
export type Stop = 'holdSecret' | 'writeMade' | 'writePlaced' | 'writeRevoking' | 'writeOver';

export interface RotationOrder {
  readonly url: string;
  readonly token: string;
  /** Where the journal and the vault lie. */
  readonly directory: string;
  readonly target: KeyTarget;
  readonly act: 'rotate' | 'resume' | 'undo';
  readonly stop?: Stop | undefined;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Waits to be killed. */
function wait(what: Stop): Promise<never> {
  say(`stopped at ${what}`);
  return new Promise(() => setInterval(() => undefined, 60_000));
}

/** Puts a file in place as a whole or not at all. */
function put(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function journalAt({ directory, stop }: RotationOrder): Journal<Rotation> {
  const path = join(directory, 'journal.json');
  const read = (): readonly Rotation[] =>
    existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly Rotation[]) : [];
  const stopOf = (entries: readonly Rotation[]): Stop => {
    const stage = entries[0]?.stage;
    if (stage === undefined) return 'writeOver';
    return stage === 'made' ? 'writeMade' : stage === 'placed' ? 'writePlaced' : 'writeRevoking';
  };
  return {
    read,
    write: async (entries) => {
      const stage = entries[0]?.stage;
      const isStop = stage !== 'making' && stage !== 'proven' && stopOf(entries) === stop;
      if (isStop) await wait(stop);
      put(path, JSON.stringify(entries));
    },
  };
}

function vaultAt({ directory, stop }: RotationOrder): Vault {
  const vault = join(directory, 'vault');
  mkdirSync(vault, { recursive: true });
  return {
    get: (name) => {
      const path = join(vault, name);
      return Promise.resolve(existsSync(path) ? readFileSync(path, 'utf8') : undefined);
    },
    store: async (name, value) => {
      if (stop === 'holdSecret' && name.startsWith('omi.secret.')) await wait(stop);
      put(join(vault, name), value);
    },
    delete: (name) => {
      rmSync(join(vault, name), { force: true });
      return Promise.resolve();
    },
    onDidChange: () => ({ dispose: () => undefined }),
  };
}

type End = Result<Rotation | undefined, RotationProblem>;

async function work(order: RotationOrder): Promise<End> {
  const now = Date.now;
  const base = parseBaseUrl(order.url);
  const claims = readClaims(order.token);
  if (!base.ok || !claims.ok) throw new Error('no base address or no token');
  const http = createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => 15_000 });
  const repeat = createRepeat();
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms / 10));
  const nothing = { dispose: (): void => undefined };
  const kept = new Map<string, string>();
  const sessions = new Sessions({
    vault: {
      get: (name) => Promise.resolve(kept.get(name)),
      store: (name, value) => Promise.resolve(void kept.set(name, value)),
      delete: (name) => Promise.resolve(void kept.delete(name)),
      onDidChange: () => nothing,
    },
    marker: { read: () => [], write: () => undefined },
    renew: () => Promise.reject(new Error('a pasted token is not renewed')),
    ...{ now, pause },
    after: () => nothing,
  });
  await sessions.signIn(sessionOfToken(order.token, claims.value, now()));
  const keys = createKeyAccess({
    api: createKeysApi({ http, repeat, now }),
    sessions,
    base: () => base,
    ...{ now, pause },
  });
  const pending = new PendingSecrets(vaultAt(order));
  await pending.load();
  const rotations = new Rotations({
    journal: journalAt(order),
    ...{ pending, now, creation: keys.creation, revocation: keys.revocation },
    pulse: createPulse({ http, repeat, now }),
    base: () => base,
  });
  const { signal } = new AbortController();

  /** Revokes what was made and lost, so that it can be forgotten. */
  const forgetLost = async (rotation: Rotation): Promise<Result<void, RotationProblem>> => {
    const lost = await rotations.findLost(rotation);
    if (!lost.ok) return lost;
    say(`lost ${String(lost.value.length)}`);
    const targets = lost.value.map((key) => ({ accountId: rotation.accountId, key }));
    for (const { end } of await revokeKeys(targets, keys.revocation, { signal })) say(end.kind);
    await rotations.abandon(rotation);
    return succeed(undefined);
  };
  const goOn = async (start: Rotation): Promise<End> => {
    const proven = await rotations.prove(start, signal);
    if (!proven.ok) return proven;
    const placed = await rotations.placed(proven.value, ['.env:1']);
    return rotations.finish(placed, signal);
  };
  const rotate = async (): Promise<End> => {
    const made = await rotations.make(order.target, signal);
    return made.ok ? goOn(made.value) : made;
  };

  const open = rotations.of(order.target.key.id);
  say(`found ${open?.stage ?? 'nothing'}`);
  if (order.act === 'rotate' || !open) return rotate();
  if (!open.fresh) {
    const forgotten = await forgetLost(open);
    if (!forgotten.ok) return fail(forgotten.failure);
    return order.act === 'resume' ? rotate() : succeed(undefined);
  }
  return order.act === 'resume' ? goOn(open) : rotations.undo(open, signal);
}

async function main(): Promise<void> {
  const order = JSON.parse(await text(process.stdin)) as RotationOrder;
  const end = await work(order);
  say(`end ${end.ok ? 'ok' : end.failure.kind}`);
  process.exit(0);
}

main().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exit(1);
});
