// Runs one command and makes sure that nothing of it outlives the process that asked for it.
// Usage: node guard.mjs '{"command": "…", "args": ["…"], "remove": ["directory"]}'
// The command and everything it started end when this process's standard input closes, which also happens when the
// asking process is killed. Then the directories in `remove` are deleted. The exit code is the command's.
import { spawn, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** @type {{ command: string, args: string[], remove: string[] }} */
const { command, args, remove } = JSON.parse(process.argv[2] ?? '{}');
const graceMs = 3000;
const isWindows = process.platform === 'win32';

// A group of its own, so that the group is exactly the tree to be ended.
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: !isWindows });

/** Sends a signal to every process of the tree; false when none is left. Signal 0 only asks. */
function signal(name) {
  try {
    process.kill(-child.pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Asks the tree to end, and insists when it does not. */
async function end() {
  if (child.pid === undefined) return;
  if (isWindows) {
    spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  if (!signal('SIGTERM')) return;
  const deadline = Date.now() + graceMs;
  while (signal(0) && Date.now() < deadline) await delay(20);
  signal('SIGKILL');
}

async function finish(code) {
  await end();
  for (const directory of remove) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  process.exit(code);
}

// Whoever asked decides when to stop, by closing the input; a Ctrl-C meant for it must not end this process first.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});
process.stdin.on('end', end).on('error', end).resume();
// Nobody may be left to read the command's output.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
child.on('error', (error) => {
  console.error(String(error));
  void finish(127);
});
child.on('exit', (code) => void finish(code ?? 1));
