import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine, and what it was started with. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

/** All processes that can be seen now. */
export function runningProcesses(): readonly RunningProcess[] {
  return process.platform === 'linux' ? processesOfLinux() : processesByPs();
}

/** A bare Linux has no `ps`. */
function processesOfLinux(): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1];
        return [
          { pid: Number(name), parent: Number(parent), args: readFileSync(`/proc/${name}/cmdline`, 'utf8') },
        ];
      } catch {
        // It has just ended.
        return [];
      }
    });
}

function processesByPs(): readonly RunningProcess[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), parent: Number(match[2]), args: match[3] ?? '' }] : [];
  });
}

/** How often the processes were looked at, and which programs had a secret among their arguments. */
export interface ArgumentWatch {
  readonly looks: number;
  readonly found: number;
  /** Never with their arguments. */
  readonly programs: readonly string[];
}

/** Looks for secrets in the arguments of all processes again and again while some work lasts. */
export async function watchArguments(
  secrets: readonly string[],
  work: () => Promise<void>,
): Promise<ArgumentWatch> {
  let [looks, found, isOver] = [0, 0, false];
  const programs = new Set<string>();
  const look = (): void => {
    looks += 1;
    for (const { args } of runningProcesses()) {
      if (!secrets.some((secret) => args.includes(secret))) continue;
      found += 1;
      programs.add(/^[^\0\s]*/.exec(args)?.[0] ?? '');
    }
  };
  const watching = (async () => {
    while (!isOver) {
      look();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  look();
  return { looks, found, programs: [...programs] };
}
