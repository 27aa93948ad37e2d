// Measures the extension beside something that does as little as can be. Parts can be named: bulk, history, scan, tree.
import { bulk } from './bulk';
import { history } from './history';
import { scan } from './scan';
import { tree } from './tree';

const parts = { bulk, tree, scan, history } as const;

async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !Object.hasOwn(parts, name));
  if (unknown.length > 0) {
    throw new Error(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`);
  }
  for (const [name, part] of Object.entries(parts)) {
    if (named.length === 0 || named.includes(name)) await part();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
