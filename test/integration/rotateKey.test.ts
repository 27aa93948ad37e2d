import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { SandboxKey } from '../../sandbox/server';
import { findOccurrences, replaceOccurrences } from '../../src/editor/secrets/occurrences';
import type { KeysNode } from '../../src/editor/views/keysTree';
import type { Activity } from '../../src/keys/activity';
import type { Rotation } from '../../src/keys/rotation';
import { withoutAutoSave } from './support/editorSettings';
import { hidden } from './support/hidden';
import { hostWatch } from './support/hostWatch';
import { latch } from './support/latch';
import type { ShownMessage } from './support/person';
import { configure, labelOf, useStage, type Family, type Running } from './support/stage';
import { until } from './support/until';

const keyRoute = /^\/v1\/dev\/key$/;

describe('Rotate API Key', () => {
  withoutAutoSave();
  const stage = useStage();
  let root: string;
  /** Of each test its own: VS Code keeps the texts of earlier ones in memory for a while. */
  let folder: string;
  let folders = 0;
  before(() => {
    root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail('no folder is open');
  });
  beforeEach(async () => {
    folder = `bot-${String((folders += 1))}`;
    await stage.signIn();
    stage.sandbox.clearRequests();
  });
  afterEach(async () => {
    for (const family of ['dev', 'mcp'] as const) {
      stage.sandbox.keys('ada', family).forEach(({ raw }) => raw !== null && hostWatch().secrets.add(raw));
    }
    await stage.person.escape();
    stage.person.forget();
    for (const document of vscode.workspace.textDocuments) if (document.isDirty) await document.save();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await forgetRotations();
    await rm(join(root, folder), { recursive: true, force: true });
    await stage.reset();
  });

  /** What a failed test left open must not fail the next one. */
  const forgetRotations = async (): Promise<void> => {
    const { context } = hostWatch();
    await context?.globalState.update('omi.rotations', []);
    await context?.secrets.delete('omi.pending');
  };
  const openRotations = (): readonly Rotation[] =>
    hostWatch().context?.globalState.get<readonly Rotation[]>('omi.rotations') ?? [];
  const activity = (): string[] =>
    (hostWatch().context?.globalState.get<Activity['entries']>('omi.activity') ?? []).map(
      ({ action, keyName, end, proof }) => [action, keyName, end, proof].join(' ').trim(),
    );

  const old = (family: Family = 'dev'): SandboxKey =>
    stage.sandbox.key('ada', family === 'dev' ? 'ci' : 'cursor', family);
  let oldKey: SandboxKey;
  let namesakes: readonly string[];
  const rawOf = ({ raw }: SandboxKey): string => raw ?? assert.fail('no raw key');
  const masked = ({ prefix }: SandboxKey): string => prefix.replace('...', '…');
  const freshKey = (): SandboxKey =>
    stage.sandbox
      .keys('ada', oldKey.family)
      .find(({ id, name }) => name === oldKey.name && !namesakes.includes(id)) ?? assert.fail('no new key');
  /** Which of the two keys exist at Omi. */
  const alive = (): ('old' | 'new')[] =>
    stage.sandbox
      .keys('ada', oldKey.family)
      .filter(({ id, name }) => name === oldKey.name && (id === oldKey.id || !namesakes.includes(id)))
      .map(({ id }): 'old' | 'new' => (id === oldKey.id ? 'old' : 'new'))
      .sort();
  const posts = (): string[] =>
    stage.sandbox.requests.filter(({ method }) => method === 'POST').map(({ rawPath }) => rawPath);

  /** Chooses the key of these tests: one of the seeded keys, in its family. */
  const meet = (family: Family = 'dev'): SandboxKey => {
    oldKey = old(family);
    namesakes = stage.sandbox.keys('ada', family).map(({ id }) => id);
    return oldKey;
  };
  const pathOf = (name: string): string => join(root, folder, name);
  const write = async (name: string, text: string): Promise<vscode.Uri> => {
    await mkdir(dirname(pathOf(name)), { recursive: true });
    await writeFile(pathOf(name), text);
    return vscode.Uri.file(pathOf(name));
  };
  const read = (name: string): Promise<string> => readFile(pathOf(name), 'utf8');

  /** Orders the rotation of a row and says yes. */
  const rotate = async (name = oldKey.name): Promise<Running> => {
    const nodes = await stage.nodes(oldKey.family);
    const node = nodes.find((one) => one.kind === 'key' && one.target.key.id === oldKey.id);
    const command = stage.run('omi.key.rotate', node);
    const question = await stage.person.nextMessage();
    assert.deepEqual([question.isModal, question.text], [true, `Rotate "${name}"?`]);
    question.press('Rotate');
    return command;
  };
  /** Chooses the workspace as the place, and gives the places offered, the ticked ones first. */
  const reviewPlaces = async (): Promise<readonly vscode.QuickPickItem[]> => {
    for (;;) {
      const choices = await stage.person.rows();
      if (!choices.some(({ label }) => label === 'Replace in This Workspace')) return choices;
      await stage.person.take('Replace in This Workspace');
    }
  };
  const acceptPlaces = async (): Promise<readonly vscode.QuickPickItem[]> => {
    const choices = await reviewPlaces();
    await stage.person.acceptRows();
    return choices;
  };
  const closeLast = async (command: Running): Promise<ShownMessage> => {
    const message = await stage.person.close();
    await command.done;
    assert.equal(stage.person.unseen, 0, 'more than one notification');
    return message;
  };
  const rotationRows = async (): Promise<KeysNode[]> =>
    (await stage.groups()).filter(({ kind }) => kind === 'rotation');
  /** The row of the one open rotation, as the view hands it to a command. */
  const row = (): Promise<KeysNode> =>
    until('the row of the rotation', async () => (await rotationRows())[0]);
  /** The keys that the view marks as parts of a rotation, each with what its menu and its icon go by. */
  const markedKeys = async (): Promise<string[]> => {
    const rows = (await stage.nodes(oldKey.family)).map(async (node) => {
      const item = await stage.item(node);
      const mark = String(item.description).split(' · ').at(-1) ?? '';
      if (node.kind !== 'key' || !mark.includes('rotat')) return [];
      const which = node.target.key.id === oldKey.id ? 'old' : node.target.key.id === freshKey().id && 'new';
      return [`${String(which)}: ${mark}, ${item.contextValue ?? ''}${spins(item) ? ', spins' : ''}`];
    });
    return (await Promise.all(rows)).flat().toSorted();
  };
  /** How many rotations the badge counts, which is the sum of all that it names. */
  const badgeCount = (): number => {
    const { value, tooltip } = stage.view.badge ?? { value: 0, tooltip: '' };
    const counts = Array.from(tooltip.matchAll(/([^,]+): (\d+)/g), ([, what, count]) => ({ what, count }));
    assert.equal(
      value,
      counts.reduce((sum, { count }) => sum + Number(count), 0),
    );
    return Number(counts.find(({ what }) => what?.trim() === 'Open rotations')?.count ?? 0);
  };
  /** Holds what the view shows of the one open rotation; both keys take part in it unless just the old one is there. */
  const holdRows = async (words: string, { isInWork = false, isMade = true } = {}): Promise<void> => {
    assert.equal((await rotationRows()).length, 1);
    const item = await stage.item(await row());
    assert.deepEqual(
      [labelOf(item), item.description, item.contextValue, spins(item)],
      [`Rotation of ${oldKey.name}`, words, isInWork ? 'omi.busy' : 'omi.rotation', isInWork],
    );
    const manner = isInWork ? 'omi.busy, spins' : `omi.key.${oldKey.family}`;
    assert.deepEqual(await markedKeys(), [
      ...(isMade ? [`new: new key of a rotation, ${manner}`] : []),
      `old: being rotated, ${manner}`,
    ]);
    assert.equal(badgeCount(), 1);
  };
  /** Holds that the view shows no rotation any more. */
  const holdNoRows = async (): Promise<void> => {
    await until('the row to go', async () => (await rotationRows()).length === 0);
    assert.deepEqual([await markedKeys(), badgeCount()], [[], 0]);
  };
  /** `isOrdered`: whether the end of the old key was ordered already. */
  const undo = async (isOrdered?: boolean): Promise<ShownMessage> => {
    const command = stage.run('omi.rotation.undo', await row());
    const question = await stage.person.nextMessage();
    assert.equal(question.isModal, true);
    assert.ok(question.detail?.includes(masked(freshKey())));
    if (isOrdered !== undefined) assert.equal(question.detail?.includes('should it do so late'), isOrdered);
    question.press('Undo Rotation');
    return closeLast(command);
  };
  const works = (): string => `The old key ${masked(oldKey)} works as before.`;

  describe('the whole way', () => {
    it('of a developer key in three files, one of them with unsaved text', async () => {
      const raw = rawOf(meet());
      await write('.env', `# settings\r\nOMI_API_KEY=${raw}\r\nOTHER=1`);
      await write('src/bot.ts', `const key = '${raw}';\nconst same = '${raw}';\n`);
      const notes = await write('notes.md', 'nothing yet\n');
      await write('node_modules/lib/index.js', raw);
      const document = await vscode.workspace.openTextDocument(notes);
      const unsaved = new vscode.WorkspaceEdit();
      unsaved.insert(notes, new vscode.Position(0, 0), `see ${raw}\n`);
      await vscode.workspace.applyEdit(unsaved);

      const command = await rotate();
      const places = await acceptPlaces();
      assert.deepEqual(
        places.map(({ label, description, picked }) => [label, description, picked]),
        [
          [`${folder}/.env:2`, `OMI_API_KEY=${masked(oldKey)}`, true],
          [`${folder}/notes.md:1 (not saved)`, `see ${masked(oldKey)}`, true],
          [`${folder}/src/bot.ts:1`, `const key = '${masked(oldKey)}';`, true],
          [`${folder}/src/bot.ts:2`, `const same = '${masked(oldKey)}';`, true],
        ],
      );
      const message = await stage.person.nextMessage();
      const fresh = freshKey();
      assert.equal(
        message.text,
        `Rotated "ci": the old key ${masked(oldKey)} is revoked, Omi no longer lists it. The new key ` +
          `${masked(fresh)} is in ${folder}/.env:2, ${folder}/notes.md:1 (not saved), ${folder}/src/bot.ts:1, and 1 more.`,
      );
      message.press(undefined);
      await command.done;
      assert.equal(stage.person.unseen, 0);

      const next = rawOf(fresh);
      assert.equal(hidden(await read('.env')), hidden(`# settings\r\nOMI_API_KEY=${next}\r\nOTHER=1`));
      assert.equal(
        hidden(await read('src/bot.ts')),
        hidden(`const key = '${next}';\nconst same = '${next}';\n`),
      );
      assert.equal(hidden(await read('node_modules/lib/index.js')), hidden(raw));
      assert.equal(await read('notes.md'), 'nothing yet\n');
      assert.equal(hidden(document.getText()), hidden(`see ${next}\nnothing yet\n`));
      assert.deepEqual(alive(), ['new']);
      assert.deepEqual(fresh.scopes, oldKey.scopes);
      assert.deepEqual(openRotations(), []);
      assert.deepEqual(activity().slice(-3), [
        'rotate ci made',
        'rotate ci alive keyRoute',
        'rotate ci revoked list',
      ]);
    });

    it('of an MCP key: not proven, and said so', async () => {
      const raw = rawOf(meet('mcp'));
      await write('mcp.json', `{ "Authorization": "Bearer ${raw}" }`);
      const command = stage.run('omi.key.rotate', await stage.row('cursor', 'mcp'));
      const question = await stage.person.nextMessage();
      assert.match(question.detail ?? '', /Omi offers no way to prove that an MCP key works\. Then omi_mcp_/);
      question.press('Rotate');
      await reviewPlaces();
      await holdRows('new key made, not placed yet', { isInWork: true });
      await stage.person.acceptRows();
      const message = await closeLast(command);
      assert.match(message.text, /is in bot-\d+\/mcp\.json:1\. Omi offers no way to prove that it works\.$/);
      assert.ok((await read('mcp.json')).includes(rawOf(freshKey())));
      assert.deepEqual(alive(), ['new']);
      assert.equal(
        stage.sandbox.requests.some(({ bearer }) => bearer?.startsWith('omi_')),
        false,
      );
      await stage.run('omi.showActivity').done;
      const ends = await until('the activity', () => {
        const rows = vscode.window.activeTextEditor?.document.getText().split('\n') ?? [];
        const ofKey = rows.filter((one) => one.includes('| Rotate | cursor '));
        return ofKey.length >= 3 && ofKey.slice(0, 3).map((one) => one.split(' | ').slice(4).join(' | '));
      });
      assert.deepEqual(ends, ['revoked | list read again |', 'Omi offers no proof |  |', 'created |  |']);
    });

    it('nothing is revoked before the key is proven and placed', async () => {
      await write('.env', rawOf(meet()));
      const command = await rotate();
      await reviewPlaces();
      const order = stage.sandbox.requestLines;
      assert.ok(order.indexOf('POST /v1/dev/keys') < order.indexOf('GET /v1/dev/key'));
      assert.deepEqual(stage.deletes(), []);
      assert.deepEqual(alive(), ['new', 'old']);
      await stage.person.acceptRows();
      await closeLast(command);
      assert.deepEqual(stage.deletes(), [`/v1/dev/keys/${oldKey.id}`]);
      assert.ok((await read('.env')).includes(rawOf(freshKey())));
    });

    it('the edit can be undone in one step', async () => {
      const raw = rawOf(meet());
      const one = await write('a.txt', raw);
      await write('b.txt', raw);
      await vscode.window.showTextDocument(one);
      const command = await rotate();
      await acceptPlaces();
      await closeLast(command);
      const documents = await Promise.all(
        ['a.txt', 'b.txt'].map((name) => vscode.workspace.openTextDocument(pathOf(name))),
      );
      const next = rawOf(freshKey());
      assert.deepEqual(
        documents.map((document) => hidden(document.getText())),
        [hidden(next), hidden(next)],
      );
      await vscode.window.showTextDocument(one);
      await vscode.commands.executeCommand('undo');
      await until('the undo', () => documents[0]?.getText() === raw);
    });

    it('from the palette, one key of the pick', async () => {
      await write('.env', rawOf(meet('mcp')));
      const command = stage.run('omi.key.rotate');
      await stage.person.choose('cursor');
      (await stage.person.nextMessage()).press('Rotate');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "cursor"/);
    });
  });

  describe('asks once', () => {
    it('and sends nothing when the answer is no', async () => {
      meet();
      const command = stage.run('omi.key.rotate', await stage.row('ci'));
      const question = await stage.person.nextMessage();
      assert.equal(
        question.detail,
        'A new key of the same name and scopes is made, proven to work, and put where you choose. ' +
          `Then ${masked(oldKey)} is revoked: apps that still use it stop working.`,
      );
      question.press(undefined);
      await command.done;
      assert.deepEqual([posts(), stage.deletes(), stage.person.unseen], [[], [], 0]);
    });
  });

  describe('several keys with the prefix of the old one', () => {
    it('are told apart, and nothing is ticked', async () => {
      const raw = rawOf(meet());
      const other = `${raw.slice(0, 12)}${'0'.repeat(24)}${raw.slice(-4)}`;
      hostWatch().secrets.add(other);
      await write('mine.txt', raw);
      await write('other.txt', other);
      const command = await rotate();
      const places = await reviewPlaces();
      const rows = places.filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator);
      assert.deepEqual(
        rows.map(({ label, picked }) => [label, picked]),
        [
          [`${folder}/mine.txt:1`, false],
          [`${folder}/other.txt:1`, false],
        ],
      );
      assert.equal(places.length, 4);
      await stage.person.acceptRows();
      const message = await closeLast(command);
      assert.match(message.text, /^"ci" is not rotated\. The new key waits to be put somewhere\./);
      assert.deepEqual(alive(), ['new', 'old']);
      assert.equal(await read('other.txt'), other);
    });
  });

  describe('making goes wrong', () => {
    it('refused: nothing was made, it can be tried again', async () => {
      await write('.env', rawOf(meet()));
      stage.sandbox.fault({ method: 'POST', effect: { status: 422, body: { detail: 'too many keys' } } });
      const command = await rotate();
      const message = await stage.person.nextMessage();
      assert.equal(
        message.text,
        `"ci" is not rotated. Omi refused the request. It says: too many keys. No new key was made. ${works()}`,
      );
      assert.deepEqual(message.buttons, ['Try Again']);
      message.press('Try Again');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.equal(posts().length, 2);
    });

    it('the answer is lost: the new key is named and can be revoked, then it starts over', async () => {
      await write('.env', rawOf(meet()));
      stage.sandbox.fault({ method: 'POST', effect: { drop: 'after' } });
      const command = await rotate();
      const message = await stage.person.nextMessage();
      const lost = freshKey();
      assert.equal(
        message.text,
        `A new key was made, but its secret was lost: "ci" (${masked(lost)}). ${works()}`,
      );
      assert.deepEqual(message.buttons, ['Revoke', 'Forget']);
      message.press('Revoke');
      assert.equal((await stage.person.answer('Revoke')).text, 'Revoke "ci"?');
      const report = await stage.person.nextMessage();
      assert.ok(report.text.startsWith(`Revoked "ci" (${masked(lost)}).`) && report.text.endsWith(works()));
      assert.deepEqual(stage.deletes(), [`/v1/dev/keys/${lost.id}`]);
      assert.deepEqual(openRotations(), []);
      report.press('Start Over');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.deepEqual(alive(), ['new']);
    });

    it('the answer is lost and the list too: later it is found out', async () => {
      meet();
      stage.sandbox.fault({ method: 'POST', effect: { drop: 'after' } });
      stage.sandbox.fault({
        method: 'GET',
        path: /keys$/,
        skip: 1,
        times: Infinity,
        effect: { status: 503 },
      });
      const message = await closeLast(await rotate());
      assert.match(message.text, /Whether a new key was made is not known\./);
      await holdRows('the new key may have been made', { isMade: false });
      stage.sandbox.clearFaults();
      const resumed = stage.run('omi.rotation.resume', await row());
      const found = await stage.person.nextMessage();
      assert.match(found.text, /^A new key was made, but its secret was lost/);
      found.press('Forget');
      await resumed.done;
      assert.deepEqual(openRotations(), []);
      assert.deepEqual(alive(), ['new', 'old']);
    });

    it('and undo finds nothing that was made: it can be forgotten or started over', async () => {
      await write('.env', rawOf(meet()));
      await configure('requestTimeoutSeconds', 1);
      stage.sandbox.fault({ method: 'POST', effect: { hang: true } });
      const message = await closeLast(await rotate());
      await stage.restoreSettings();
      assert.match(
        message.text,
        /did not answer within 1 second\. Whether a new key was made is not known\./,
      );
      const command = stage.run('omi.rotation.undo', await row());
      const nothing = await stage.person.nextMessage();
      assert.equal(nothing.text, `No new key for "ci" was found. ${works()}`);
      assert.deepEqual(nothing.buttons, ['Start Over', 'Forget']);
      nothing.press('Start Over');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
    });

    it('the vault refuses: the secret can still be placed', async () => {
      await write('.env', rawOf(meet()));
      const { secrets } = hostWatch().context ?? assert.fail('not active');
      const store = secrets.store.bind(secrets);
      Object.assign(secrets, { store: () => Promise.reject(new Error('the keyring is locked')) });
      try {
        const command = await rotate();
        const message = await stage.person.nextMessage();
        assert.match(message.text, /did not take the new key's secret\. It says: the keyring is locked/);
        assert.match(message.text, /its secret is lost when this window closes\. The old key /);
        message.press('Resume');
        await acceptPlaces();
        assert.match((await closeLast(command)).text, /^Rotated "ci"/);
        assert.equal(hidden(await read('.env')), hidden(rawOf(freshKey())));
        assert.ok(hostWatch().logged.some((line) => line.includes('Secrets of new keys: store failed')));
      } finally {
        Object.assign(secrets, { store });
      }
    });
  });

  describe('proving goes wrong', () => {
    it('503: both sides are named, and it goes on', async () => {
      await write('.env', rawOf(meet()));
      const fault = stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 503 } });
      const command = await rotate();
      const message = await stage.person.nextMessage();
      const fresh = freshKey();
      assert.equal(
        message.text,
        '"ci" is not rotated. Omi has a problem (status 503). It says: Service Unavailable. ' +
          `The new key ${masked(fresh)} exists; VS Code's secret storage holds its secret. ${works()}`,
      );
      assert.deepEqual(message.buttons, ['Resume', 'Undo']);
      assert.deepEqual(stage.deletes(), []);
      fault.clear();
      message.press('Resume');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.equal(posts().length, 1);
    });

    it('401: the new key is dead, and undo takes it away', async () => {
      meet();
      stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 401 } });
      const command = await rotate();
      const message = await stage.person.nextMessage();
      assert.match(message.text, /^"ci" is not rotated\. Omi refuses the new key\. /);
      const fresh = freshKey();
      message.press('Undo');
      (await stage.person.nextMessage()).press('Undo Rotation');
      assert.equal(
        (await closeLast(command)).text,
        `Undone: the new key ${masked(fresh)} is revoked, Omi no longer lists it. ${works()}`,
      );
      assert.deepEqual(alive(), ['old']);
      assert.equal(activity().at(-1), 'undoRotation ci revoked list');
    });
  });

  describe('placing goes wrong', () => {
    it('given up: nothing is revoked, the new key waits', async () => {
      await write('.env', rawOf(meet()));
      const command = await rotate();
      await reviewPlaces();
      await stage.person.escape();
      const message = await closeLast(command);
      assert.equal(message.level, 'info');
      assert.match(message.text, /The new key waits to be put somewhere\./);
      assert.deepEqual([stage.deletes(), alive()], [[], ['new', 'old']]);
      assert.equal(openRotations()[0]?.stage, 'proven');
      assert.equal(hidden(await read('.env')), hidden(rawOf(oldKey)));
    });

    it('finished in another window meanwhile: says that it is over, and nothing that is not so', async () => {
      meet();
      const command = await rotate();
      await stage.person.choices();
      stage.sandbox.deleteKey('ada', oldKey.id);
      await forgetRotations();
      await stage.person.take('Copy');
      await stage.person.close();
      const message = await closeLast(command);
      assert.equal(message.text, 'The rotation of "ci" is over.');
      assert.deepEqual(message.buttons, []);
      assert.deepEqual([stage.deletes(), alive()], [[], ['new']]);
    });

    it('a key in a file that is no UTF-8 text alone: it is left, and named before the new one is placed', async () => {
      const latin = Buffer.from(`caf\xe9 ${rawOf(meet())}`, 'latin1');
      await write('latin.txt', '');
      await writeFile(pathOf('latin.txt'), latin);
      const command = await rotate();
      const named = await stage.person.nextMessage();
      assert.match(
        named.text,
        /^omi_dev_\S+ was replaced nowhere\. It also stands in files that are no UTF-8 text: .*latin\.txt\.$/,
      );
      named.press(undefined);
      await stage.person.take('Copy');
      await stage.person.close();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.ok((await readFile(pathOf('latin.txt'))).equals(latin));
    });

    it('a file that cannot be saved: its place is named and nothing is revoked', async () => {
      const raw = rawOf(meet());
      await write('good.txt', raw);
      const provider = new OneFile(raw);
      const registered = vscode.workspace.registerFileSystemProvider('omi-frozen', provider);
      try {
        const frozen = vscode.Uri.parse('omi-frozen:/frozen.txt');
        await vscode.window.showTextDocument(frozen);
        const command = await rotate();
        await acceptPlaces();
        const message = await closeLast(command);
        assert.match(message.text, /It could not be replaced and saved in: .*frozen\.txt:1\. The new key/);
        assert.deepEqual([stage.deletes(), alive()], [[], ['new', 'old']]);
        assert.equal(hidden(await read('good.txt')), hidden(rawOf(freshKey())));
      } finally {
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        registered.dispose();
      }
    });

    it('VS Code ended after the files were changed: they count as places', async () => {
      await write('.env', rawOf(meet()));
      const command = await rotate();
      await reviewPlaces();
      await stage.person.escape();
      await closeLast(command);
      await write('.env', rawOf(freshKey()));
      const resumed = stage.run('omi.rotation.resume', await row());
      await stage.person.take('Keep Where It Is in This Workspace');
      const message = await closeLast(resumed);
      assert.match(message.text, /^Rotated "ci".* is in bot-\d+\/\.env:1\.$/);
    });
  });

  describe('the end of the old key goes wrong', () => {
    it('503 for ever: STILL LIVE, then it goes on', async () => {
      await write('.env', rawOf(meet()));
      const fault = stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      const command = await rotate();
      await acceptPlaces();
      const message = await stage.person.nextMessage();
      assert.equal(message.level, 'error');
      assert.ok(
        message.text.includes(`"ci" (${masked(oldKey)}) is STILL LIVE: Omi has a problem (status 503).`),
      );
      assert.ok(
        message.text.endsWith(`The new key ${masked(freshKey())} is in ${folder}/.env:1.`),
        message.text,
      );
      assert.equal(activity().at(-1), 'rotate ci stillLive');
      fault.clear();
      message.press('Resume');
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.deepEqual(alive(), ['new']);
    });

    it('a list that lags', async () => {
      await write('.env', rawOf(meet()));
      stage.sandbox.fault({ method: 'DELETE', effect: { lagReads: 2 } });
      const command = await rotate();
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
    });

    it('the new key was revoked meanwhile: the old one is kept', async () => {
      await write('.env', rawOf(meet()));
      stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      const command = await rotate();
      await acceptPlaces();
      const message = await stage.person.nextMessage();
      stage.sandbox.clearFaults();
      stage.sandbox.deleteKey('ada', freshKey().id);
      message.press('Resume');
      const kept = await stage.person.nextMessage();
      assert.match(
        kept.text,
        /^"ci" is not rotated\. Omi does not list the new key, so the old one is kept\. /,
      );
      kept.press('Undo');
      (await stage.person.nextMessage()).press('Undo Rotation');
      await closeLast(command);
      assert.deepEqual(alive(), ['old']);
    });

    it('undo after the old key is gone spares the new one', async () => {
      await write('.env', rawOf(meet()));
      const command = await rotate();
      await reviewPlaces();
      const fault = stage.sandbox.fault({
        method: 'GET',
        path: /keys$/,
        skip: 1,
        times: Infinity,
        effect: { status: 503 },
      });
      await stage.person.acceptRows();
      const message = await stage.person.nextMessage();
      assert.match(message.text, /"ci" \([^)]*\) is not confirmed: /);
      fault.clear();
      message.press('Undo');
      (await stage.person.nextMessage()).press('Undo Rotation');
      const spared = await stage.person.nextMessage();
      assert.equal(
        spared.text,
        'The rotation of "ci" is not undone. Omi no longer lists the old key, so the new one is kept.',
      );
      assert.deepEqual(spared.buttons, ['Resume']);
      spared.press('Resume');
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.deepEqual(alive(), ['new']);
    });
  });

  describe('stopped at', () => {
    /** Takes a rotation to a stage, leaves it there, and closes what was said. */
    const stopAt = async (stopped: 'made' | 'proven' | 'placed' | 'revoking'): Promise<void> => {
      await write('.env', rawOf(meet()));
      if (stopped === 'made')
        stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 503 } });
      if (stopped === 'revoking') {
        stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      }
      const command = await rotate();
      if (stopped !== 'made') await reviewPlaces();
      if (stopped === 'placed') {
        stage.sandbox.fault({ method: 'GET', path: /keys$/, times: Infinity, effect: { status: 503 } });
      }
      if (stopped === 'proven') await stage.person.escape();
      if (stopped === 'placed' || stopped === 'revoking') await stage.person.acceptRows();
      await closeLast(command);
      stage.sandbox.clearFaults();
      assert.equal(openRotations()[0]?.stage, stopped);
    };

    for (const [stopped, words] of [
      ['made', 'new key made, not proven yet'],
      ['proven', 'new key works, not placed yet'],
      ['placed', 'new key placed, old key still live'],
      ['revoking', 'end of the old key not confirmed'],
    ] as const) {
      const isPlaced = stopped === 'placed' || stopped === 'revoking';

      it(`${stopped}: resumed from its row`, async () => {
        await stopAt(stopped);
        await holdRows(words);
        const command = stage.run('omi.rotation.resume', await row());
        if (!isPlaced) await acceptPlaces();
        assert.match((await closeLast(command)).text, /^Rotated "ci"/);
        assert.deepEqual(alive(), ['new']);
        assert.equal(posts().length, 1);
        await holdNoRows();
      });

      it(`${stopped}: undone from its row`, async () => {
        await stopAt(stopped);
        const fresh = freshKey();
        const { text } = await undo(stopped === 'revoking');
        assert.ok(text.startsWith(`Undone: the new key ${masked(fresh)} is revoked`), text);
        assert.equal(text.includes(`still written in: ${folder}/.env:1`), isPlaced);
        assert.deepEqual(alive(), ['old']);
        assert.deepEqual(openRotations(), []);
        await holdNoRows();
      });
    }

    it('proven: rotate on either key goes on with it', async () => {
      await stopAt('proven');
      const fresh = freshKey();
      const node = (await stage.nodes()).find((one) => one.kind === 'key' && one.target.key.id === fresh.id);
      const command = stage.run('omi.key.rotate', node);
      const question = await stage.person.nextMessage();
      assert.ok(question.detail?.includes(`Then ${masked(oldKey)} is revoked`));
      question.press('Rotate');
      await acceptPlaces();
      await closeLast(command);
      assert.deepEqual([alive(), posts().length], [['new'], 1]);
    });

    it('proven: an undo that Omi refuses leaves it open', async () => {
      await stopAt('proven');
      stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      const { text, buttons } = await undo();
      assert.match(text, /^The rotation of "ci" is not undone\. "ci" \([^)]*\) is STILL LIVE: /);
      assert.ok(text.endsWith(works()), text);
      assert.deepEqual(buttons, ['Resume', 'Undo']);
      assert.equal(openRotations()[0]?.stage, 'proven');
    });

    it('proven: finished in another window while undo asks: says that it is over', async () => {
      await stopAt('proven');
      const command = stage.run('omi.rotation.undo', await row());
      const question = await stage.person.nextMessage();
      stage.sandbox.deleteKey('ada', oldKey.id);
      await forgetRotations();
      question.press('Undo Rotation');
      const message = await closeLast(command);
      assert.equal(message.text, 'The rotation of "ci" is over.');
      assert.deepEqual([stage.deletes(), alive()], [[], ['new']]);
    });

    it('made: the vault has forgotten the secret', async () => {
      await stopAt('made');
      await hostWatch().context?.secrets.delete(`omi.secret.${freshKey().id}`);
      const message = await closeLast(stage.run('omi.rotation.resume', await row()));
      assert.match(
        message.text,
        /exists, but VS Code's secret storage does not give its secret\. The old key /,
      );
      assert.deepEqual(message.buttons, ['Resume', 'Undo']);
      await undo();
      assert.deepEqual(alive(), ['old']);
    });

    it('made: in another account it is told whose it is', async () => {
      await stopAt('made');
      const seen = await row();
      await stage.signIn('grace');
      stage.sandbox.clearRequests();
      assert.deepEqual(await rotationRows(), []);
      for (const command of ['omi.rotation.resume', 'omi.rotation.undo']) {
        const message = await closeLast(stage.run(command, seen));
        assert.equal(
          message.text,
          'The rotation of "ci" belongs to the account ada@example.com. Switch to it first.',
        );
      }
      assert.deepEqual([posts(), stage.deletes()], [[], []]);
    });

    it('proven: from the palette, by a pick', async () => {
      await stopAt('proven');
      const command = stage.run('omi.rotation.resume');
      await stage.person.take('ci');
      await acceptPlaces();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.equal((await closeLast(stage.run('omi.rotation.undo'))).text, 'No rotation is open.');
    });

    it('making: rows spin and a second order is refused while it is under way', async () => {
      await write('.env', rawOf(meet()));
      const answer = latch();
      stage.sandbox.fault({ method: 'POST', effect: { hold: answer.opened } });
      const command = await rotate();
      await stage.sandbox.waitForRequest({ method: 'POST' });
      assert.equal(stage.contextKey('omi.working'), true);
      await holdRows('the new key may have been made', { isInWork: true, isMade: false });
      const second = await closeLast(stage.run('omi.rotation.resume', await row()));
      assert.equal(second.text, 'The rotation of "ci" is under way.');
      answer.open();
      await reviewPlaces();
      await holdRows('new key works, not placed yet', { isInWork: true });
      await stage.person.acceptRows();
      assert.match((await closeLast(command)).text, /^Rotated "ci"/);
      assert.equal(stage.contextKey('omi.working'), false);
      await holdNoRows();
    });

    it('making: a cancel after the request leaves it open', async () => {
      meet();
      const answer = latch();
      stage.sandbox.fault({ method: 'POST', effect: { hold: answer.opened } });
      const command = await rotate();
      await stage.sandbox.waitForRequest({ method: 'POST' });
      await stage.run('omi.keys.cancel').done;
      const message = await closeLast(command);
      answer.open();
      assert.match(
        message.text,
        /^"ci" is not rotated\. Whether a new key was made is not known\. The old key /,
      );
      assert.equal(openRotations()[0]?.stage, 'making');
      await holdRows('the new key may have been made', { isMade: false });
    });
  });
});

/** Whether a row shows that it is being worked on. */
function spins({ iconPath }: vscode.TreeItem): boolean {
  return iconPath instanceof vscode.ThemeIcon && iconPath.id === 'loading~spin';
}

describe('Finding keys in texts', () => {
  const raw = `omi_dev_${'0123456789abcdef'.repeat(2)}`;
  let folders: string[];
  beforeEach(async () => {
    folders = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'omi-find-'))));
  });
  afterEach(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
  const logged: string[] = [];
  const log = { warn: (line: string) => void logged.push(line) } as never;
  const find = (signal = new AbortController().signal, also: readonly vscode.Uri[] = []) =>
    findOccurrences({
      folders: folders.map((folder) => vscode.Uri.file(folder)),
      beginnings: [raw.slice(0, 12)],
      isWanted: (one) => one === raw,
      ...{ signal, also, log },
    });
  const put = async (folder: number, name: string, content: string | Buffer): Promise<void> => {
    const path = join(folders[folder] ?? '', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  };
  const files = async (signal?: AbortSignal): Promise<string[]> =>
    (await find(signal)).occurrences.map(({ uri, nth, label }) =>
      [uri.path.split('/').at(-1), nth, label.split(':').at(-1)].join(' '),
    );

  it('looks into both of two folders', async () => {
    await put(0, 'deep/er/one.txt', `a ${raw}`);
    await put(1, 'two.txt', `${raw}\n${raw}`);
    assert.deepEqual((await files()).sort(), ['one.txt 0 1', 'two.txt 0 1', 'two.txt 1 2']);
  });

  it('reads other encodings', async () => {
    await put(0, 'le.txt', Buffer.from(`\ufeffx ${raw}`, 'utf16le'));
    await put(0, 'be.txt', Buffer.from(`\ufeffx ${raw}`, 'utf16le').swap16());
    await put(0, 'bom.txt', `\ufeffx ${raw}`);
    assert.deepEqual(await files(), ['be.txt 0 1', 'bom.txt 0 1', 'le.txt 0 1']);
  });

  /** What was left out, and why. */
  const leftOut = async (): Promise<string[]> =>
    (await find()).leftOut.map(({ why, label }) => `${why} ${label.split('/').at(-1) ?? ''}`).sort();

  it('passes over large files, dependencies, Git and other keys, and tells of what may hold one', async () => {
    await put(0, 'large.txt', `${raw}${' '.repeat(10 * 1024 * 1024)}`);
    await put(0, 'node_modules/a.txt', raw);
    await put(0, '.git/config', raw);
    await put(0, 'longer.txt', `${raw}0`);
    await put(0, 'binary.bin', `\0${raw}`);
    await put(0, 'other.txt', raw.replace(/f$/, '0'));
    await put(0, 'good.txt', raw);
    assert.deepEqual(await files(), ['good.txt 0 1']);
    assert.deepEqual(await leftOut(), ['noText binary.bin', 'passedOver node_modules', 'tooLarge large.txt']);
  });

  it('leaves files that are no UTF-8 text, byte for byte, and names them', async () => {
    const latin = Buffer.from(`caf\xe9 ${raw}`, 'latin1');
    await put(0, 'closed.txt', latin);
    await put(0, 'open.txt', latin);
    await put(0, 'later.txt', raw);
    await vscode.window.showTextDocument(vscode.Uri.file(join(folders[0] ?? '', 'open.txt')));
    const { occurrences } = await find();
    assert.deepEqual(
      occurrences.map(({ label }) => label.split('/').at(-1)),
      ['later.txt:1'],
    );
    assert.deepEqual(await leftOut(), ['noUtf8 closed.txt', 'noUtf8 open.txt']);
    await put(0, 'later.txt', latin);
    const lost = await replaceOccurrences(occurrences, raw.replaceAll('f', '0'), log);
    assert.equal(lost.length, 1);
    for (const name of ['closed.txt', 'open.txt', 'later.txt'])
      assert.ok((await readFile(join(folders[0] ?? '', name))).equals(latin), name);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  // Reading the text anew for each place would take minutes here.
  it('finds one key at 50,000 places, on lines of their own or on one, and replaces it', async () => {
    const secret = `omi_dev_${'0'.repeat(32)}`;
    await put(0, 'lines.txt', `${raw}\n`.repeat(50_000));
    const { occurrences } = await find();
    assert.deepEqual([occurrences.length, occurrences.at(-1)?.nth], [50_000, 49_999]);
    assert.deepEqual(await replaceOccurrences(occurrences, secret, log), []);
    const text = await readFile(join(folders[0] ?? '', 'lines.txt'), 'utf8');
    assert.ok(text === `${secret}\n`.repeat(50_000));
    await put(0, 'line.txt', `${raw} `.repeat(50_000));
    assert.equal((await find()).occurrences.length, 50_000);
  });

  it('reads as large a file as a scan does', async () => {
    await put(0, 'large.txt', `${' '.repeat(9 * 1024 * 1024)}${raw}`);
    assert.deepEqual(await files(), ['large.txt 0 1']);
  });

  it('looks into a file that is named, wherever it lies; one that has gone is no trouble', async () => {
    await put(0, 'node_modules/a.txt', raw);
    const also = ['node_modules/a.txt', 'gone.txt'].map((name) =>
      vscode.Uri.file(join(folders[0] ?? '', name)),
    );
    const found = await find(undefined, also);
    assert.deepEqual(
      [found.occurrences.length, found.leftOut.map(({ why }) => why), found.isWhole],
      [1, ['passedOver'], true],
    );
  });

  it('tells of a notebook with the key in a cell that is not saved', async () => {
    const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, `key = "${raw}"`, 'python');
    const notebook = await vscode.workspace.openNotebookDocument(
      'jupyter-notebook',
      new vscode.NotebookData([cell]),
    );
    await vscode.window.showNotebookDocument(notebook);
    assert.deepEqual(
      (await leftOut()).map((one) => one.split(' ')[0]),
      ['notebook'],
    );
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('logs a folder that is not there, and goes on', async () => {
    await put(1, 'two.txt', raw);
    await rm(folders[0] ?? '', { recursive: true });
    assert.deepEqual(await files(), ['two.txt 0 1']);
    assert.match(logged.at(-1) ?? '', /^Not looked into for keys: /);
    assert.match((await leftOut()).join(), /^unreadable omi-find-/);
  });

  it('stops when it is cancelled', async () => {
    await put(0, 'one.txt', raw);
    const { occurrences, isWhole } = await find(AbortSignal.abort());
    assert.deepEqual([occurrences, isWhole], [[], false]);
  });
});

/** A file system with one file, which can be read but not written. */
class OneFile implements vscode.FileSystemProvider {
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;
  readonly #bytes: Uint8Array;
  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }
  watch = (): vscode.Disposable => new vscode.Disposable(() => undefined);
  stat = (): vscode.FileStat => ({
    type: vscode.FileType.File,
    ctime: 0,
    mtime: 0,
    size: this.#bytes.length,
  });
  readDirectory = (): [string, vscode.FileType][] => [];
  readFile = (): Uint8Array => this.#bytes;
  createDirectory = refuse;
  writeFile = refuse;
  delete = refuse;
  rename = refuse;
}

function refuse(): never {
  throw vscode.FileSystemError.NoPermissions('frozen');
}
