// Looks at the command lines of all processes of this machine, again and again, for raw keys.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A look at command lines that goes on until it is stopped. */
export interface ArgumentWatch {
  /** How many times all processes were looked at. */
  readonly looks: number;
  /** How many different command lines were seen. */
  readonly commandLines: number;
  /** The programs that had a secret among their arguments; never the arguments. */
  readonly programs: readonly string[];
  /** Resolves after one more look. */
  stop(): Promise<void>;
}

/** Starts to look for some secrets. Processes that live for less than a look may be missed. */
export function watchArguments(secrets: readonly string[]): ArgumentWatch {
  const seen = new Set<string>();
  const programs = new Set<string>();
  let looks = 0;
  let isOver = false;
  const look = async (): Promise<void> => {
    for (const line of await commandLines()) {
      seen.add(line);
      if (secrets.some((secret) => line.includes(secret))) programs.add(/^[^\0\s]*/.exec(line)?.[0] ?? '');
    }
    looks += 1;
  };
  const lookOn = async (): Promise<void> => {
    while (!isOver) await look();
    await look();
  };
  const done = lookOn();
  done.catch(() => undefined);
  return {
    get looks() {
      return looks;
    },
    get commandLines() {
      return seen.size;
    },
    get programs() {
      return [...programs];
    },
    stop: async () => {
      isOver = true;
      await done;
    },
  };
}

const run = promisify(execFile);

/** The command lines of all processes, by /proc where there is one, else by ps. */
async function commandLines(): Promise<readonly string[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-axo', 'args'], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.split('\n');
  }
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // A process may end meanwhile.
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')));
}
