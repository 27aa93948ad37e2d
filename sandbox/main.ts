import { parseArgs } from 'node:util';
import { accountNames } from './accounts';
import { startSandbox } from './server';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, latency: { type: 'string', default: '0' } },
});

async function main(): Promise<void> {
  const sandbox = await startSandbox({ port: Number(values.port), latencyMs: Number(values.latency) });
  const print = (line = ''): void => void process.stdout.write(`${line}\n`);

  print(`Omi sandbox: ${sandbox.url}`);
  print();
  for (const name of accountNames) {
    const { email } = sandbox.accounts[name];
    const counts = `${String(sandbox.keys(name).length)} developer keys, ${String(sandbox.keys(name, 'mcp').length)} MCP keys`;
    print(`  ${name.padEnd(6)} ${email.padEnd(18)} ${counts}`);
  }
  print();
  print('A token of ada, good in this sandbox only, for one hour:');
  print(sandbox.token('ada'));
  print();
  print(
    `Sign-in: ${sandbox.url}/v1/auth/authorize, Firebase at 127.0.0.1:${String(sandbox.port)} as its Auth emulator.`,
  );
  print();
  print('Let the next two deletions fail, look at what came, start over:');
  const rule = JSON.stringify({
    method: 'DELETE',
    path: '^/v1/dev/keys/',
    times: 2,
    effect: { status: 503 },
  });
  print(`  curl -H 'content-type: application/json' -d '${rule}' ${sandbox.url}/__sandbox/faults`);
  print(`  curl ${sandbox.url}/__sandbox/requests`);
  print(`  curl -X DELETE ${sandbox.url}/__sandbox/faults`);
  print(`  curl -X POST ${sandbox.url}/__sandbox/reset`);
  print();
  print('Ctrl-C stops it.');

  const stop = (): void => void sandbox.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `The sandbox could not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
