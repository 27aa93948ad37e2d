// A sandbox of Omi in a process of its own, steered by whoever started it, gone with it.
import { createHash } from 'node:crypto';
import { startSandbox } from '../sandbox/server';
import type { OmiOrder } from './sandbox';

async function main(): Promise<void> {
  const sandbox = await startSandbox({ seed: 'empty', latencyMs: Number(process.argv[2] ?? 0) });
  const tell = (fact: object): void => void process.send?.(fact);
  process.on('message', ({ seed }: OmiOrder) => {
    sandbox.reset();
    const now = Date.now();
    const ids = Array.from({ length: seed }, (_, index) => {
      const name = `key-${String(index).padStart(4, '0')}`;
      const raw = `omi_dev_${createHash('md5').update(name).digest('hex')}`;
      return sandbox.addKey('ada', { name, raw, createdAt: now - index * 3_600_000 }).id;
    });
    tell({ ids });
  });
  process.on('disconnect', () => void sandbox.close());
  const { uid, email } = sandbox.accounts.ada;
  tell({ url: sandbox.url, account: { id: uid, label: email }, token: sandbox.token('ada') });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
