import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Account } from '../src/account/session';

/** Asks the sandbox to start over with so many developer keys of one account. */
export interface OmiOrder {
  readonly seed: number;
}

/** Where the sandbox is and who is signed in there. */
export interface OmiPlace {
  readonly url: string;
  readonly account: Account;
  readonly token: string;
}

export interface BenchOmi extends OmiPlace {
  /** Starts over with so many keys; gives their ids. */
  seed(count: number): Promise<readonly string[]>;
  /** How many keys there are now. */
  count(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a sandbox that shares no processor time with what is measured, as far as the machine has two of them; each answer waits `latencyMs`. */
export async function startOmi(latencyMs = 0): Promise<BenchOmi> {
  const child = fork(join(__dirname, 'omi.ts'), [String(latencyMs)], { execArgv: ['--import', 'tsx'] });
  const [place] = (await once(child, 'message')) as [OmiPlace];
  return {
    ...place,
    seed: async (seed) => {
      const answer = once(child, 'message');
      child.send({ seed } satisfies OmiOrder);
      return ((await answer) as [{ ids: readonly string[] }])[0].ids;
    },
    count: async () => {
      const headers = { authorization: `Bearer ${place.token}` };
      const response = await fetch(`${place.url}/v1/dev/keys`, { headers });
      return ((await response.json()) as unknown[]).length;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
