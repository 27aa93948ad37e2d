// Runs in the extension host: measures the extension and the empty one, and leaves the times in a file.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { Sessions } from '../src/account/sessions';
import { secretVault } from '../src/editor/auth/secretVault';
import { after, pause } from '../src/editor/timers';
import { fail } from '../src/omi/result';
import { extensionId, hostWatch, replace } from '../test/integration/support/hostWatch';
import { until } from '../test/integration/support/until';
import { plainTree } from './plainTree';
import { TreeClock } from './treeClock';
import type { HostOrder } from './tree';

const rounds = 4;
/** Fits half of the keys. */
const filterText = 'key-1';

type Times = Record<string, { ours: number[]; base: number[] }>;

/** Called by VS Code. */
export async function run(): Promise<void> {
  const directory = process.env['OMI_BENCH'] ?? '';
  const order = JSON.parse(await readFile(join(directory, 'order.json'), 'utf8')) as HostOrder;
  const times: Times = {};
  const note = (what: string, whose: 'ours' | 'base', ms: number): void => {
    (times[what] ??= { ours: [], base: [] })[whose].push(ms);
  };
  const sides = [
    { whose: 'ours', id: extensionId },
    { whose: 'base', id: 'omi-bench.empty' },
  ] as const;
  for (const { whose, id } of order.isFirst ? sides : sides.toReversed()) {
    const { loading, activate, whole, stall } = await activation(id);
    note('load the code', whose, loading);
    note('activate()', whose, activate);
    note('activated, as VS Code sees it', whose, whole);
    note('longest stall in the second after it', whose, stall);
  }
  await measureTrees(order, note);
  await writeFile(join(directory, 'times.json'), JSON.stringify(times));
}

interface Activation {
  readonly loading: number;
  readonly activate: number;
  readonly whole: number;
  /** How long the extension host was busy at a time: the watch of documents begins then. */
  readonly stall: number;
}

/** Loads and activates an extension as VS Code does; milliseconds. */
async function activation(id: string): Promise<Activation> {
  const extension = vscode.extensions.getExtension(id);
  if (!extension || extension.isActive) throw new Error(`${id} cannot be measured.`);
  const load = createRequire(__filename);
  const main = load.resolve(join(extension.extensionPath, (extension.packageJSON as { main: string }).main));
  const started = performance.now();
  load(main);
  const loading = performance.now() - started;
  if (id === extensionId) hostWatch();
  const loaded = load.cache[main]?.exports as { activate: (context: unknown) => unknown };
  const original = loaded.activate;
  let activate = NaN;
  const timed = (context: unknown): unknown => {
    const start = performance.now();
    const result = original(context);
    activate = performance.now() - start;
    return result;
  };
  const cached = load.cache[main];
  if (cached) cached.exports = { ...loaded, activate: timed };
  const asked = performance.now();
  await extension.activate();
  const whole = performance.now() - asked;
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await pause(1000);
  delays.disable();
  return { loading, activate, whole, stall: delays.max / 1e6 };
}

/** Shows all rows and filters them, in both views in turn; the first round warms up and is not counted. */
async function measureTrees(
  { account, token, keyCount }: HostOrder,
  note: (what: string, whose: 'ours' | 'base', ms: number) => void,
): Promise<void> {
  const watch = hostWatch();
  const { keysView, context } = watch;
  if (!keysView || !context) throw new Error('The extension is not active.');
  const keys = new TreeClock(keysView.provider, ({ kind }) => kind === 'key');
  const plain = plainTree(keyCount);
  const rows = new TreeClock(plain.provider, (name) => name !== 'Rows');
  await vscode.commands.executeCommand('omi.keys.focus');
  const other = new Sessions({
    vault: secretVault(context.secrets),
    marker: { read: () => [], write: () => undefined },
    renew: () => Promise.resolve(fail({ kind: 'unauthenticated' })),
    ...{ now: Date.now, pause, after },
  });
  await other.load();
  const first = keys.taken(keyCount);
  await other.signIn({ account, idToken: token, expiresAt: Date.now() + 3_600_000, renewal: undefined });
  await first;
  other.dispose();

  const fitting = Math.min(keyCount, 1000);
  for (let round = 0; round <= rounds; round += 1) {
    const count = round === 0 ? () => undefined : note;
    await vscode.commands.executeCommand('omi.keys.focus');
    await until('the view', () => keysView.view.visible);
    await keys.quiet();
    count('list answered to rows shown', 'ours', await refreshKeys(keys, keyCount));
    await keys.quiet();
    count('filter typed to rows shown', 'ours', await filterKeys(keys, fitting));

    await vscode.commands.executeCommand('omiBench.rows.focus');
    await rows.quiet();
    count('list answered to rows shown', 'base', await drawPlain('', keyCount));
    count('filter typed to rows shown', 'base', await drawPlain(filterText, fitting));
  }

  async function drawPlain(filter: string, expected: number): Promise<number> {
    await rows.quiet();
    const taken = rows.taken(expected);
    const start = performance.now();
    plain.draw(filter);
    return (await taken) - start;
  }
}

/** Reads the lists anew; milliseconds from the answer with the developer keys to their rows. */
async function refreshKeys(keys: TreeClock<unknown>, count: number): Promise<number> {
  const { logged } = hostWatch();
  const took = new Promise<number>((resolve, reject) => {
    // The log tells of an answer as soon as it is there.
    const restore = replace(logged, 'push', (line: string) => {
      if (!line.startsWith('GET /v1/dev/keys → 200')) return;
      restore();
      const start = performance.now();
      keys.taken(count).then((end) => resolve(end - start), reject);
    });
  });
  await vscode.commands.executeCommand('omi.keys.refresh');
  return took;
}

/** Types into the box of "Filter API Keys"; milliseconds from the text to its rows. Then shows all rows again. */
async function filterKeys(keys: TreeClock<unknown>, fitting: number): Promise<number> {
  const createInputBox = vscode.window.createInputBox.bind(vscode.window);
  let type = (text: string): void => {
    throw new Error(`Nobody listens to ${text}.`);
  };
  const opened = new Promise<vscode.InputBox>((resolve) => {
    const restore = replace(vscode.window, 'createInputBox', () => {
      restore();
      const box = createInputBox();
      // No command can type into a box: its listener is told, as VS Code tells it.
      replace(box, 'onDidChangeValue', (listener: (text: string) => void) => {
        type = listener;
        return new vscode.Disposable(() => undefined);
      });
      resolve(box);
      return box;
    });
  });
  const command = vscode.commands.executeCommand('omi.keys.filter');
  const box = await opened;
  await keys.quiet();
  const taken = keys.taken(fitting);
  const start = performance.now();
  type(filterText);
  const took = (await taken) - start;
  box.hide();
  await command;
  return took;
}
