import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

// Windows has no signal that a process could answer.
test.skipIf(process.platform === 'win32')(
  'stands alone, tells its address and stops on SIGTERM',
  { timeout: 30_000 },
  async () => {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'sandbox/main.ts', '--port', '0', '--latency', '1'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const ended = once(child, 'exit');
    try {
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (printed += piece));
      await expect.poll(() => printed, { timeout: 20_000 }).toContain('Ctrl-C');
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? '';
      const bearer = /^ey\S+$/m.exec(printed)?.[0] ?? '';
      const response = await fetch(`${url}/v1/dev/keys`, { headers: { authorization: `Bearer ${bearer}` } });
      expect(await response.json()).toHaveLength(12);
      expect(printed).toContain(`curl -X DELETE ${url}/__sandbox/faults`);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toEqual([0, null]);
  },
);
