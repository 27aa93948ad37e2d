import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { findsIn } from '../../src/leaks/seenKey';
import { hostWatch, replace } from './support/hostWatch';
import { dataRoute, keyRoute, masked, named, useLeakScene, type RawKey } from './support/leakScene';
import { pathOf, problemSaying, put } from './support/leaks';
import type { ShownMessage } from './support/person';
import { forgetLeaks, useRepository } from './support/repository';
import type { Running } from './support/stage';
import { until } from './support/until';

const bothRefuse =
  'Omi no longer lists it, and refuses it when asked about the key itself and when it asks for data.';

describe('Respond to Leaked API Key', () => {
  const scene = useLeakScene('leak');

  const idPath = ({ family, id }: RawKey): string => `/v1/${family}/keys/${id}`;
  /** Another raw key, of which a list shows the same digits. */
  const twinOf = (raw: string): string => `${raw.slice(0, 12)}${'0'.repeat(24)}${raw.slice(-4)}`;
  const isAlive = ({ family, id }: RawKey): boolean =>
    scene.stage.sandbox.keys('ada', family).some((key) => key.id === id);

  describe('a key of the account in use', () => {
    beforeEach(() => scene.signIn());

    it('at the caret: one question, then proven dead', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.answer('Revoke Now');
      assert.equal(question.text, 'Revoke the leaked API key "prod-bot"?');
      assert.equal(
        question.detail,
        `${masked(key)}\nIn ${scene.folder}/bot.ts:1.\n\n` +
          'Revoke Now: apps that use it stop working at once. This cannot be undone.\n\n' +
          'Replace, Then Revoke: a new key is made and put in its place first; the leaked one works until then.',
      );
      const message = await scene.closeLast(command);
      assert.deepEqual(
        [message.level, message.text, message.buttons],
        ['info', `Proven dead: ${named(key)}. ${bothRefuse}`, ['Replace in Files', 'Open Incident Note']],
      );
      assert.deepEqual(scene.stage.deletes(), [idPath(key)]);
      assert.deepEqual(scene.activity.slice(-1), ['respond prod-bot provenDead list, keyRoute, dataRoute']);
      await until('the row to go', async () => !(await scene.stage.rows()).includes('prod-bot'));
      await scene.stage.run('omi.showActivity').done;
      const activity = await until('the activity', () =>
        vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'omi-activity'),
      );
      await until('the newest row', () =>
        activity.getText().includes('| proven dead | list read again, asked about the key, asked for data |'),
      );
    });

    it('sends nothing but questions when the answer is no', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      await scene.answer(undefined);
      await command.done;
      assert.ok(scene.stage.sandbox.requests.every(({ method }) => method === 'GET'));
      assert.equal(scene.stage.person.unseen, 0);
      assert.ok(isAlive(key));
    });

    it('in a selection of several lines', async () => {
      const key = scene.key();
      const uri = await scene.write('notes.md', `# notes\n\nsee ${key.raw} there\n`);
      const editor = await vscode.window.showTextDocument(uri);
      editor.selection = new vscode.Selection(0, 0, 3, 0);
      const command = scene.respond();
      await scene.answer('Revoke Now');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });

    it('at a place that was found before, though the lines above have changed', async () => {
      const key = scene.key();
      const uri = await scene.write('bot.py', `key = "${key.raw}"\n`);
      const [find] = findsIn(await scene.read('bot.py'));
      await scene.write('bot.py', `# first\nkey = "${key.raw}"\n`);
      const command = scene.respond({ found: { address: uri.toString(), find } });
      assert.match((await scene.answer('Revoke Now')).detail ?? '', /bot\.py:2\./);
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });

    it('at a place where it stands no more: says so and asks nothing', async () => {
      const key = scene.key();
      const uri = await scene.write('bot.py', `key = "${key.raw}"\n`);
      const [find] = findsIn(await scene.read('bot.py'));
      await scene.write('bot.py', 'key = None\n');
      const command = scene.respond({ found: { address: uri.toString(), find } });
      const { text } = await scene.closeLast(command);
      assert.equal(text, `The API key is not at ${scene.folder}/bot.py:1 any more.`);
      assert.deepEqual(scene.stage.sandbox.requestLines, []);
    });

    it('pasted unseen: what is no key stays in the box', async () => {
      const key = scene.key();
      const command = scene.respond();
      const box = await scene.stage.person.inputBox();
      assert.equal(box.password, true);
      const said = await scene.stage.person.tryOut('omi_dev_1234');
      assert.match(said.message, /^This is no Omi API key/);
      assert.deepEqual(scene.stage.sandbox.requestLines, []);
      await scene.stage.person.paste(` Bearer ${key.raw} `);
      assert.match((await scene.answer('Revoke Now')).detail ?? '', /In no file that was looked into\./);
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });

    it('pasted: the note says what was not searched, in place of naming no place', async () => {
      const key = scene.key();
      const command = scene.respond();
      await scene.stage.person.paste(key.raw);
      await scene.answer('Revoke Now');
      (await scene.stage.person.nextMessage()).press('Open Incident Note');
      await scene.closeLast(command);
      const note = vscode.window.activeTextEditor?.document.getText() ?? '';
      hostWatch().shown.push(note);
      assert.match(
        note,
        /## Places\n\nThe workspace was not searched as a whole: which files hold it is not known\.\n/,
      );
      assert.match(note, /## Commits\n\nThe Git history was not searched as a whole: which commits hold it/);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    });

    it('in the terminal: a link that holds no key', async () => {
      const key = scene.key();
      const provider = hostWatch().terminalLinks ?? assert.fail('no links');
      const { token } = new vscode.CancellationTokenSource();
      const line = `curl -H "Authorization: Bearer ${key.raw}"`;
      const terminal = vscode.window.createTerminal('leak');
      const links = (await provider.provideTerminalLinks({ line, terminal }, token)) ?? [];
      terminal.dispose();
      const [link] = links;
      assert.ok(link && links.length === 1);
      assert.equal(line.slice(link.startIndex, link.startIndex + link.length) === key.raw, true);
      assert.equal(link.tooltip, `Respond to Leaked API Key ${masked(key)}`);
      const done = Promise.resolve(provider.handleTerminalLink(link));
      await scene.answer('Revoke Now');
      assert.match((await scene.closeLast({ done })).text, /^Proven dead/);
    });

    it('given up in the paste: nothing is sent', async () => {
      const command = scene.respond();
      await scene.stage.person.inputBox();
      await scene.stage.person.escape();
      await command.done;
      assert.deepEqual([scene.stage.sandbox.requests, scene.stage.person.unseen], [[], 0]);
    });

    it('of the MCP family: revoked, not provable, and never sent to Omi', async () => {
      const key = scene.key('cursor', 'mcp');
      await scene.showLeak(key.raw, 'mcp.json');
      const command = scene.respond();
      const question = await scene.answer('Revoke Now');
      assert.match(question.detail ?? '', /Omi did not name the key: it is the only one of yours/);
      const message = await scene.closeLast(command);
      assert.equal(
        message.text,
        `Revoked ${named(key)}, not provable: Omi no longer lists it, and offers no way to prove that an MCP key is dead.`,
      );
      assert.deepEqual(scene.activity.slice(-1), ['respond cursor revokedNotProvable list']);
      assert.ok(scene.stage.sandbox.requests.every(({ bearer }) => bearer?.startsWith('omi_') !== true));
    });

    it('on a server that cannot be asked: revoked, not provable', async () => {
      const key = scene.key();
      for (const path of [keyRoute, dataRoute]) {
        scene.stage.sandbox.fault({ path, times: Infinity, effect: { status: 404 } });
      }
      await scene.showLeak(key.raw);
      const command = scene.respond();
      await scene.answer('Revoke Now');
      assert.equal(
        (await scene.closeLast(command)).text,
        `Revoked ${named(key)}, not provable: Omi no longer lists it, and this server offers no way to ask about a key.`,
      );
    });

    it('on an older server: proven by a read of data alone', async () => {
      const key = scene.key();
      scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 404 } });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      await scene.answer('Revoke Now');
      assert.equal(
        (await scene.closeLast(command)).text,
        `Proven dead: ${named(key)}. Omi no longer lists it, and refuses it when it asks for data.`,
      );
    });

    it('with both probes offline: revoked, not proven; Check Again proves it and revokes nothing', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      const faults = [keyRoute, dataRoute].map((path) =>
        scene.stage.sandbox.fault({ path, times: Infinity, effect: { drop: 'before' } }),
      );
      question.press('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.match(
        first.text,
        /^Revoked "prod-bot" .*, not proven: Omi no longer lists it, but whether it still works could not be asked\. The connection to 127\.0\.0\.1:\d+ broke off\.$/,
      );
      faults.forEach((fault) => fault.clear());
      scene.stage.sandbox.clearRequests();
      first.press('Check Again');
      assert.match((await scene.closeLast(command)).text, /^Proven dead: "prod-bot"/);
      assert.deepEqual(scene.stage.deletes(), []);
    });

    it('that Omi does not revoke: STILL LIVE with the reason; Try Again ends it', async () => {
      const key = scene.key();
      const fault = scene.stage.sandbox.fault({ method: 'DELETE', times: Infinity, effect: { status: 503 } });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      await scene.answer('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.match(
        first.text,
        /^"prod-bot" \(omi_dev_.*\) is STILL LIVE: Omi has a problem \(status 503\)\./,
      );
      assert.deepEqual([first.level, first.buttons], ['error', ['Try Again', 'Show Log']]);
      assert.ok(isAlive(key));
      fault.clear();
      first.press('Try Again');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
      assert.deepEqual(scene.activity.slice(-2), [
        'respond prod-bot stillLive',
        'respond prod-bot provenDead list, keyRoute, dataRoute',
      ]);
    });

    it('that a cached login still lets in: the watch goes on, and tells when it is dead', async () => {
      const key = scene.key();
      scene.stage.sandbox.fault({ method: 'DELETE', effect: { cachedLoginMs: 12_000 } });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      await scene.answer('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.match(first.text, /^Revoked "prod-bot" .*, but it still works through a cached login\./);
      assert.deepEqual([first.level, first.buttons], ['warn', ['Replace in Files', 'Open Incident Note']]);
      first.press(undefined);
      await command.done;
      const last = await scene.stage.person.close();
      assert.equal(
        last.text,
        `Proven dead: ${named(key)}. The cached login is over, and Omi refuses the key everywhere.`,
      );
      assert.deepEqual(scene.activity.slice(-2), [
        'respond prod-bot revokedStillAnswering list, keyRoute',
        'respond prod-bot provenDead keyRoute, dataRoute',
      ]);
    });

    it('whose revocation cannot be confirmed: says so; Check Again proves it', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      const fault = scene.stage.sandbox.fault({
        method: 'GET',
        path: '/v1/dev/keys',
        skip: 1,
        times: Infinity,
        effect: { status: 403, body: { detail: 'Not now' } },
      });
      question.press('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.match(first.text, /is not confirmed: the list of keys could not be read .* Not now\.$/);
      assert.deepEqual(first.buttons, ['Check Again', 'Show Log']);
      fault.clear();
      first.press('Check Again');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
      assert.deepEqual(scene.stage.deletes(), [idPath(key)]);
    });

    it('that Omi lets in although it is revoked: STILL LIVE, for no cached login explains it', async () => {
      const key = scene.key();
      const { document } = await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      const refusal = { status: 403, body: { detail: 'Insufficient permissions' } };
      const fault = scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: refusal });
      question.press('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [first.level, first.text, first.buttons],
        [
          'error',
          `${named(key)} is STILL LIVE: Omi still lets it in, and no cached login explains that.`,
          ['Try Again', 'Show Log'],
        ],
      );
      assert.deepEqual(
        [isAlive(key), scene.activity.at(-1)],
        [false, 'respond prod-bot stillLive list, dataRoute'],
      );
      await problemSaying(document.uri, /It still works/);
      fault.clear();
      first.press('Try Again');
      const last = await scene.closeLast(command);
      assert.equal(
        last.text,
        `Already dead: ${named(key)} was gone before anything was revoked. ${bothRefuse}`,
      );
      assert.deepEqual(scene.stage.deletes(), [idPath(key), idPath(key)]);
    });

    it('with the digits of the one that was revoked: the leaked one is STILL LIVE, and named by its ID', async () => {
      const key = scene.key();
      const leaked = scene.keyOf('grace', { name: 'twin', raw: twinOf(key.raw) });
      const unasked = scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 503 } });
      const { document } = await scene.showLeak(leaked.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      assert.match(question.detail ?? '', /Omi did not name the key: it is the only one of yours/);
      unasked.clear();
      question.press('Revoke Now');
      const first = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [first.level, first.text, first.buttons],
        [
          'error',
          `The leaked key is STILL LIVE: it begins and ends like ${named(key)}, which was revoked, but is another one. ` +
            `Its ID is ${leaked.id}.`,
          ['Try Again', 'Show Log'],
        ],
      );
      assert.deepEqual(scene.stage.deletes(), [idPath(key)]);
      await problemSaying(document.uri, /It still works/);
      first.press('Try Again');
      const last = await scene.closeLast(command);
      assert.match(
        last.text,
        /is alive, but belongs to no account that is signed in here\. Nothing was revoked\./,
      );
      assert.deepEqual(scene.stage.deletes(), [idPath(key)]);
    });

    it('that could be either of two: revokes neither, and leads to the pick', async () => {
      const key = scene.key();
      const twin = scene.stage.addKey('ada', { name: 'twin', raw: twinOf(key.raw) });
      const refusal = { status: 403, body: { detail: 'Insufficient permissions' } };
      scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: refusal });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const stop = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [stop.level, stop.text, stop.buttons],
        [
          'warn',
          `Several of your keys begin and end like ${masked(key)}, and Omi did not tell which of them it is. Nothing was revoked.`,
          ['Try Again', 'Revoke API Key'],
        ],
      );
      stop.press('Revoke API Key');
      await scene.stage.person.tick('twin');
      assert.equal((await scene.stage.person.answer('Revoke')).text, 'Revoke "twin"?');
      assert.match((await scene.closeLast(command)).text, /^Revoked "twin"/);
      assert.deepEqual([scene.stage.deletes(), isAlive(key)], [[idPath(twin)], true]);
    });

    it('while its list cannot be read: says which and why, revokes nothing; Try Again goes on', async () => {
      const key = scene.key();
      const refusal = { status: 403, body: { detail: 'Not now' } };
      const fault = scene.stage.sandbox.fault({ path: '/v1/dev/keys', times: Infinity, effect: refusal });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const stop = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [stop.level, stop.text, stop.buttons],
        [
          'warn',
          `Whose key ${masked(key)} is could not be found out. The list of ada@example.com could not be read: ` +
            'Omi does not allow this. It says: Not now. Nothing was revoked.',
          ['Try Again', 'Show Log'],
        ],
      );
      assert.deepEqual(scene.stage.deletes(), []);
      fault.clear();
      stop.press('Try Again');
      await scene.answer('Revoke Now');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });

    it('that somebody revoked while the question was open: already dead', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      scene.stage.sandbox.deleteKey('ada', key.id);
      question.press('Revoke Now');
      const message = await scene.closeLast(command);
      assert.equal(
        message.text,
        `Already dead: ${named(key)} was gone before anything was revoked. ${bothRefuse}`,
      );
    });

    it('while the session ends: Sign In, then it goes on without another question', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.stage.person.nextMessage();
      const fault = scene.stage.sandbox.fault({
        path: /^\/v1\/(dev|mcp)\/keys/,
        times: Infinity,
        effect: { status: 401 },
      });
      question.press('Revoke Now');
      const said = (start: string): Promise<ShownMessage> =>
        until(start, () => scene.stage.person.messages.find(({ text }) => text.startsWith(start)));
      const first = await said('Your Omi session has ended. Not revoked yet');
      assert.equal(first.text, `Your Omi session has ended. Not revoked yet: ${named(key)}.`);
      fault.clear();
      first.press('Sign In');
      await scene.signInByToken('ada');
      const last = await said('Proven dead');
      last.press(undefined);
      await command.done;
      assert.equal(scene.stage.person.messages.filter(({ isModal }) => isModal).length, 1);
    });
  });

  describe('a key of somebody else', () => {
    it('stops and revokes nothing; after a sign-in with its account it goes on by itself', async () => {
      await scene.signIn();
      const key = scene.keyOf('grace', { name: 'stray' });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const stop = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [stop.level, stop.text, stop.buttons],
        [
          'warn',
          `${masked(key)} is alive, but belongs to no account that is signed in here. Nothing was revoked. Searched: ada@example.com.`,
          ['Sign In with Another Account'],
        ],
      );
      assert.deepEqual(scene.stage.deletes(), []);
      stop.press('Sign In with Another Account');
      await scene.signInByToken('grace');
      const question = await scene.answer('Revoke Now');
      assert.match(question.detail ?? '', /^Account: grace@example\.com\n/);
      assert.match((await scene.closeLast(command)).text, /^Proven dead: "stray"/);
      assert.equal(
        scene.stage.sandbox.keys('grace').some(({ id }) => id === key.id),
        false,
      );
    });

    it('of another account that is signed in: named in the question, and revoked in its name', async () => {
      await scene.stage.signIn('grace');
      await scene.stage.signIn('ada');
      const key = scene.keyOf('grace', { name: 'aside' });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const question = await scene.answer('Revoke Now');
      assert.match(question.detail ?? '', /^Account: grace@example\.com\n/);
      assert.match(question.detail ?? '', /The view then shows the keys of that account\.$/);
      assert.match((await scene.closeLast(command)).text, /^Proven dead: "aside"/);
      const [sent] = scene.stage.sandbox.requests.filter(({ method }) => method === 'DELETE');
      assert.equal(sent?.account, 'grace');
      assert.ok((await scene.stage.rows()).includes('prod-bot'), 'the view shows the account in use');
    });

    it('with nobody signed in: explains, and goes on after the sign-in', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const stop = await scene.stage.person.nextMessage();
      assert.equal(
        stop.text,
        `${masked(key)} is alive. Only the account that owns it can revoke it: sign in to that account. Nothing was revoked.`,
      );
      stop.press('Sign In');
      await scene.signInByToken('ada');
      await scene.answer('Revoke Now');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });

    it('of the MCP family, in no list: cannot be told, nothing revoked', async () => {
      await scene.signIn();
      const key = scene.keyOf('grace', { family: 'mcp' });
      await scene.showLeak(key.raw);
      const command = scene.respond();
      const { text, buttons } = await scene.closeLast(command);
      assert.match(
        text,
        /cannot be told: Omi offers no way to ask about an MCP key\. No key of ada@example\.com/,
      );
      assert.deepEqual(buttons, ['Sign In with Another Account']);
      assert.deepEqual(scene.stage.deletes(), []);
    });
  });

  describe('a key in commits', () => {
    const repository = useRepository();
    afterEach(() => forgetLeaks(scene.stage));

    it('is said to be published, in the question and in the note', async () => {
      await scene.signIn();
      const key = scene.key();
      repository.init();
      repository.put('old.py', `key = "${key.raw}"\n`);
      const commit = repository.commit();
      repository.push();
      const scan = scene.stage.run('omi.leak.scanHistory');
      await scene.closeLast(scan);
      await scene.showAt(vscode.Uri.file(join(repository.folder, 'old.py')), key.raw);
      const command = scene.respond();
      const question = await scene.answer('Revoke Now');
      assert.match(question.detail ?? '', /\nIn old\.py:1\.\nIn 1 commit, PUBLISHED in origin\/main\.\n/);
      (await scene.stage.person.nextMessage()).press('Open Incident Note');
      await scene.closeLast(command);
      const note = vscode.window.activeTextEditor?.document.getText() ?? '';
      hostWatch().shown.push(note);
      const row = `| ${commit} | 2025-03-04T05:06:07Z | old.py | yes (origin/main) |`;
      assert.ok(note.includes(row), note);
      assert.match(note, /## Commits\n\nSearched \(UTC\): \d{4}-.*Z\n\n\| Commit/);
      assert.match(note, /- It was published: check what it was used for since the first commit/);
      assert.match(note, /- Rewriting the history does not help/);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    });
  });

  describe('Replace, Then Revoke', () => {
    beforeEach(() => scene.signIn());
    /** Chooses the workspace as the place, and accepts the places offered. */
    const acceptPlaces = async (): Promise<void> => {
      for (;;) {
        const rows = await scene.stage.person.rows();
        if (!rows.some(({ label }) => label === 'Replace in This Workspace')) break;
        await scene.stage.person.take('Replace in This Workspace');
      }
      await scene.stage.person.acceptRows();
    };
    const fresh = (name: string): RawKey => {
      const key = scene.key(name);
      hostWatch().secrets.add(key.raw);
      return key;
    };

    it('asks no second time, puts the new key first, then proves the old one dead', async () => {
      const old = scene.key();
      await scene.showLeak(old.raw);
      await scene.write('.env', `OMI_API_KEY=${old.raw}\n`);
      const command = scene.respond();
      await scene.answer('Replace, Then Revoke');
      await acceptPlaces();
      const message = await scene.closeLast(command);
      const key = fresh('prod-bot');
      assert.equal(
        message.text,
        `Proven dead: ${named(old)}. ${bothRefuse} ` +
          `The new key ${masked(key)} is in ${scene.folder}/.env:1, ${scene.folder}/bot.ts:1.`,
      );
      assert.equal((await scene.read('.env')) === `OMI_API_KEY=${key.raw}\n`, true);
      const changes = scene.stage.sandbox.requests.filter(({ method }) => method !== 'GET');
      assert.deepEqual(
        changes.map(({ method }) => method),
        ['POST', 'DELETE'],
      );
      assert.deepEqual(scene.activity.slice(-2), [
        'rotate prod-bot revoked list',
        'respond prod-bot provenDead list, keyRoute, dataRoute',
      ]);
    });

    it('in another account that is signed in: that one comes into use', async () => {
      await scene.stage.signIn('grace');
      await scene.stage.signIn('ada');
      const old = scene.keyOf('grace', { name: 'aside' });
      await scene.showLeak(old.raw);
      const command = scene.respond();
      await scene.answer('Replace, Then Revoke');
      await acceptPlaces();
      const { text } = await scene.closeLast(command);
      scene.stage.sandbox.keys('grace').forEach(({ raw }) => raw !== null && hostWatch().secrets.add(raw));
      assert.match(text, /^Proven dead: "aside" .* The new key omi_dev_.* is in .*bot\.ts:1\.$/);
      assert.ok((await scene.stage.rows()).includes('compiler'));
    });

    it('that stops halfway revokes nothing; resumed, it still ends with the proof', async () => {
      const old = scene.key();
      await scene.showLeak(old.raw);
      const command = scene.respond();
      await scene.answer('Replace, Then Revoke');
      await scene.stage.person.rows();
      await scene.stage.person.escape();
      const halt = await scene.stage.person.nextMessage();
      fresh('prod-bot');
      assert.match(halt.text, /^"prod-bot" is not rotated\./);
      assert.deepEqual(scene.stage.deletes(), []);
      halt.press('Resume');
      await acceptPlaces();
      assert.match((await scene.closeLast(command)).text, /^Proven dead: "prod-bot"/);
    });
  });

  describe('after the death', () => {
    afterEach(() => rm(pathOf('.env'), { force: true }));
    beforeEach(() => scene.signIn());
    /** Ends a key, and presses a button of the notification that says so. */
    const end = async (button: string): Promise<Running> => {
      const command = scene.respond();
      await scene.answer('Revoke Now');
      const message = await scene.stage.person.nextMessage();
      assert.match(message.text, /^Proven dead/);
      message.press(button);
      return command;
    };
    const textOf = async (name: string): Promise<string> =>
      (await vscode.workspace.openTextDocument(scene.pathOf(name))).getText();

    it('replaces it by references in 40 files, all ticked, as one edit that can be undone', async () => {
      const key = scene.key();
      const names = Array.from({ length: 40 }, (_, index) => `src/bot${String(index + 10)}.ts`);
      const text = `export const key = '${key.raw}';\n`;
      for (const name of names) await scene.write(name, text);
      await scene.showAt(vscode.Uri.file(scene.pathOf(names[0] ?? '')), key.raw);
      const command = await end('Replace in Files');
      const rows = await scene.stage.person.rows();
      assert.equal(rows.length, 40);
      assert.ok(
        rows.every(({ picked, detail }) => picked === true && detail === '→ process.env.OMI_API_KEY'),
      );
      assert.equal(rows[0]?.description, `export const key = '${masked(key)}';`);
      await scene.stage.person.acceptRows();
      const message = await scene.closeLast(command);
      assert.match(
        message.text,
        /^Replaced omi_dev_.* in .*bot10\.ts:1, .*bot11\.ts:1, .*bot12\.ts:1, and 37 more\. The key is read from the variable OMI_API_KEY now\.$/,
      );
      assert.deepEqual(message.buttons, ['Open Incident Note']);
      for (const name of names) {
        assert.equal(await scene.read(name), 'export const key = process.env.OMI_API_KEY;\n');
      }
      await vscode.window.showTextDocument(vscode.Uri.file(scene.pathOf(names[0] ?? '')));
      await vscode.commands.executeCommand('undo');
      await until('the undo', async () => (await textOf(names[39] ?? '')) === text);
    });

    it('names the places that are to be changed by hand', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      await scene.write('notes.md', `see ${key.raw}\n`);
      const command = await end('Replace in Files');
      assert.equal((await scene.stage.person.rows()).length, 1);
      await scene.stage.person.acceptRows();
      const message = await scene.closeLast(command);
      assert.equal(message.level, 'warn');
      assert.match(message.text, /To be taken out by hand: .*notes\.md:1\.$/);
      assert.equal((await scene.read('notes.md')).includes(key.raw), true);
    });

    it('leaves a file that is no UTF-8 text as it is, and names it', async () => {
      const key = scene.key();
      const latin = Buffer.from(`// caf\xe9\nexport const key = '${key.raw}';\n`, 'latin1');
      await put(`${scene.folder}/latin.ts`, latin);
      await scene.showLeak(key.raw);
      const command = await end('Replace in Files');
      assert.equal((await scene.stage.person.rows()).length, 1);
      await scene.stage.person.acceptRows();
      const { level, text } = await scene.closeLast(command);
      assert.equal(level, 'warn');
      assert.match(
        text,
        /^Replaced .*bot\.ts:1\. .* It also stands in files that are no UTF-8 text: .*latin\.ts\.$/,
      );
      assert.ok((await readFile(pathOf(`${scene.folder}/latin.ts`))).equals(latin));
    });

    it('says so when it stands in such a file alone', async () => {
      const key = scene.key();
      await put(`${scene.folder}/latin.ts`, Buffer.from(`// caf\xe9\nconst key = '${key.raw}';\n`, 'latin1'));
      const command = scene.respond();
      await scene.stage.person.paste(key.raw);
      await scene.answer('Revoke Now');
      (await scene.stage.person.nextMessage()).press('Replace in Files');
      const said = await scene.stage.person.nextMessage();
      assert.equal(said.level, 'warn');
      assert.match(
        said.text,
        /^omi_dev_\S* was replaced nowhere\. It also stands in files that are no UTF-8 text: .*latin\.ts\.$/,
      );
      said.press(undefined);
      await scene.closeLast(command);
    });

    // Reading the text anew for each place would take minutes here.
    it('leaves most places of a text that holds it very often', async () => {
      const key = scene.key();
      // Too large to be watched.
      const blanks = ' '.repeat(100);
      await scene.write('log.txt', `${key.raw}${blanks}\n`.repeat(50_000));
      await scene.write('notes.py', `# ${key.raw}${blanks}\n`.repeat(20_000));
      await scene.showLeak(key.raw);
      const command = await end('Replace in Files');
      assert.equal((await scene.stage.person.rows()).length, 1);
      await scene.stage.person.acceptRows();
      const { text } = await scene.closeLast(command);
      assert.match(text, /To be taken out by hand: .* and 69997 more\.$/);
    });

    it('leaves a file that has changed while the places were reviewed', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const other = await scene.write('other.ts', `const key = '${key.raw}';\n`);
      const command = await end('Replace in Files');
      await scene.stage.person.rows();
      const edit = new vscode.WorkspaceEdit();
      edit.insert(other, new vscode.Position(0, 0), '// one more line\n');
      await vscode.workspace.applyEdit(edit);
      await scene.stage.person.acceptRows();
      const message = await scene.closeLast(command);
      assert.match(message.text, /^Replaced .*bot\.ts:1\. .*left as it is: .*other\.ts:1\.$/);
      assert.equal((await textOf('other.ts')) === `// one more line\nconst key = '${key.raw}';\n`, true);
    });

    it('changes nothing when the review is given up, and offers it again', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = await end('Replace in Files');
      await scene.stage.person.rows();
      await scene.stage.person.escape();
      const again = await scene.closeLast(command);
      assert.match(again.text, /^Proven dead/);
      assert.deepEqual(again.buttons, ['Replace in Files', 'Open Incident Note']);
      assert.equal((await scene.read('bot.ts')).includes(key.raw), true);
    });

    it('says that nothing was changed when the search is cancelled, and offers it again', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const { fs } = vscode.workspace;
      const readDirectory = async (uri: vscode.Uri): Promise<[string, vscode.FileType][]> => {
        await scene.stage.run('omi.keys.cancel').done;
        return fs.readDirectory(uri);
      };
      const restore = replace(vscode.workspace, 'fs', { ...fs, readDirectory });
      const command = await end('Replace in Files');
      const said = await scene.stage.person.nextMessage();
      restore();
      assert.deepEqual([said.level, said.text], ['info', 'Cancelled. No file was changed.']);
      said.press(undefined);
      const again = await scene.closeLast(command);
      assert.deepEqual(again.buttons, ['Replace in Files', 'Open Incident Note']);
      assert.equal((await scene.read('bot.ts')).includes(key.raw), true);
    });

    it('does not say that it stands nowhere when something was not looked into', async () => {
      const key = scene.key();
      await scene.write('large.log', ' '.repeat(10 * 1024 * 1024 + 1));
      await scene.write('node_modules/a/index.js', '');
      const command = scene.respond();
      await scene.stage.person.paste(key.raw);
      await scene.answer('Revoke Now');
      (await scene.stage.person.nextMessage()).press('Replace in Files');
      const said = await scene.stage.person.nextMessage();
      assert.deepEqual(
        [said.level, said.text],
        [
          'warn',
          `${masked(key)} was found in no text that was looked into. ` +
            `Too large, so not looked into: ${scene.folder}/large.log. ` +
            `Not looked into: ${scene.folder}/node_modules.`,
        ],
      );
      said.press(undefined);
      await scene.closeLast(command);
    });

    it('replaces it in a file that the search would pass over, where it was found before', async () => {
      const key = scene.key();
      const uri = await scene.write('node_modules/bot.ts', `const key = '${key.raw}';\n`);
      const [find] = findsIn(await scene.read('node_modules/bot.ts'));
      const command = scene.respond({ found: { address: uri.toString(), find } });
      await scene.answer('Revoke Now');
      (await scene.stage.person.nextMessage()).press('Replace in Files');
      assert.equal((await scene.stage.person.rows()).length, 1);
      await scene.stage.person.acceptRows();
      const { text } = await scene.closeLast(command);
      assert.match(text, /^Replaced .*node_modules\/bot\.ts:1\. .* Not looked into: .*node_modules\.$/);
      assert.equal(await scene.read('node_modules/bot.ts'), 'const key = process.env.OMI_API_KEY;\n');
    });

    it('offers a new key where no reference fits, which goes into .env after a question', async () => {
      const { person, sandbox } = scene.stage;
      const key = scene.key();
      const env = await put('.env', `A=1\nOMI_API_KEY=${key.raw}\n`);
      await scene.showLeak(key.raw);
      const command = await end('Replace in Files');
      await person.rows();
      await person.acceptRows();
      const left = await person.nextMessage();
      assert.match(left.text, /^Replaced .*bot\.ts:1\. .* To be taken out by hand: \.env:2\.$/);
      assert.deepEqual(left.buttons, ['Create New Key', 'Open Incident Note']);
      left.press('Create New Key');
      await person.choose('Developer Key');
      await person.write('prod-bot-2');
      await person.choose('Read Only');
      await person.take('Write to .env');
      await person.write('OMI_API_KEY');
      const question = await person.answer('Replace');
      assert.equal(question.text, 'Replace OMI_API_KEY in .env?');
      const fresh = sandbox.key('ada', 'prod-bot-2').raw ?? '';
      hostWatch().secrets.add(fresh);
      assert.match((await person.close()).text, /^Placed the secret of "prod-bot-2"/);
      const rest = await scene.closeLast(command);
      assert.deepEqual(rest.buttons, ['Open Incident Note']);
      const text = Buffer.from(await vscode.workspace.fs.readFile(env)).toString();
      assert.equal(text === `A=1\nOMI_API_KEY=${fresh}\n`, true);
    });

    it('makes the new key in the account of the dead one, which comes into use when the questions are answered', async () => {
      const { person, sandbox } = scene.stage;
      await scene.stage.signIn('grace');
      await scene.stage.signIn('ada');
      const key = scene.keyOf('grace', { name: 'aside' });
      await scene.showAt(await scene.write('.env', `OMI_API_KEY=${key.raw}\n`), key.raw);
      const command = await end('Replace in Files');
      const left = await person.nextMessage();
      assert.deepEqual(left.buttons, ['Create New Key', 'Open Incident Note']);
      left.press('Create New Key');
      assert.match((await person.quickPick()).title ?? '', /grace@example\.com/);
      await person.escape();

      const again = await person.nextMessage();
      assert.deepEqual(again.buttons, left.buttons);
      assert.ok((await scene.stage.rows()).includes('prod-bot'), 'ada is in use no more');
      again.press('Create New Key');
      await person.choose('Developer Key');
      await person.write('aside-2');
      await person.choose('Read Only');
      await person.take('Copy');
      hostWatch().secrets.add(sandbox.key('grace', 'aside-2').raw ?? '');
      assert.match((await person.close()).text, /^Placed the secret of "aside-2"/);
      assert.deepEqual((await scene.closeLast(command)).buttons, ['Open Incident Note']);
      assert.ok((await scene.stage.rows()).includes('aside-2'));
    });

    it('offers no new key for one that is of no account here', async () => {
      const key = scene.key();
      scene.stage.sandbox.deleteKey('ada', key.id);
      await scene.showLeak(key.raw, 'notes.md');
      const command = scene.respond();
      const dead = await scene.stage.person.nextMessage();
      dead.press('Replace in Files');
      const { text, buttons } = await scene.closeLast(command);
      assert.match(text, /was replaced nowhere\. To be taken out by hand: .*notes\.md:1\.$/);
      assert.deepEqual(buttons, ['Open Incident Note']);
    });

    it('writes an incident note without the key', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = await end('Open Incident Note');
      const again = await scene.stage.person.nextMessage();
      assert.deepEqual(again.buttons, ['Replace in Files']);
      const document = vscode.window.activeTextEditor?.document;
      assert.ok(document?.isUntitled && document.languageId === 'markdown');
      const text = document.getText();
      hostWatch().shown.push(text);
      const [time, more] = ['\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ', '[^]*'];
      const wanted = [
        `^# Leaked Omi API key: ${masked(key).replaceAll('_', '\\\\?_')}`,
        '- Name: prod-bot',
        `- ID: ${key.id}`,
        '- Account: ada@example\\.com',
        '- Result: proven dead',
        '- Proof: list of API keys: without it; key route: refused; data route: refused',
        `\\| ${time} \\| Found \\|`,
        `\\| ${time} \\| Revocation agreed to \\|`,
        `\\| ${time} \\| Proven dead \\|`,
        'bot\\.ts:1 \\| no \\|',
        '## Commits',
        '- Replace it in the places that still hold it',
      ];
      assert.match(text, new RegExp(wanted.join(more)));
      again.press(undefined);
      await command.done;
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    });
  });

  it('says that a dead key is dead, and how that is known', async () => {
    await scene.signIn();
    const key = scene.key();
    scene.stage.sandbox.deleteKey('ada', key.id);
    await scene.showLeak(key.raw);
    const command = scene.respond();
    const message = await scene.closeLast(command);
    assert.deepEqual(
      [message.text, message.buttons],
      [
        `Already dead: ${masked(key)}. Omi refuses it when asked about the key itself. Nothing was revoked.`,
        ['Replace in Files', 'Open Incident Note'],
      ],
    );
    assert.deepEqual(scene.stage.deletes(), []);
  });

  it('is not certain of a death while a key with the same digits is listed, and can end that one', async () => {
    await scene.signIn();
    const key = scene.key();
    const fault = scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 401 } });
    await scene.showLeak(key.raw);
    const command = scene.respond();
    const doubt = await scene.stage.person.nextMessage();
    assert.deepEqual(
      [doubt.level, doubt.text, doubt.buttons],
      [
        'warn',
        `It is not certain that ${masked(key)} is dead. Omi refuses it when asked about the key itself. ` +
          `But it still lists ${named(key)}, which begins and ends like it. Nothing was revoked.`,
        ['Respond', 'Try Again'],
      ],
    );
    fault.clear();
    doubt.press('Respond');
    assert.match((await scene.answer('Revoke Now')).detail ?? '', /Omi did not name the key/);
    assert.match((await scene.closeLast(command)).text, /^Proven dead/);
  });

  it('says why it cannot be told whose a key is; Try Again goes on', async () => {
    await scene.signIn();
    const key = scene.key();
    const fault = scene.stage.sandbox.fault({ times: Infinity, effect: { drop: 'before' } });
    await scene.showLeak(key.raw);
    const command = scene.respond();
    const stop = await scene.stage.person.nextMessage();
    assert.match(
      stop.text,
      /^Whether omi_dev_.* is alive, and whose it is, could not be found out\. The connection/,
    );
    assert.match(stop.text, /Nothing was revoked\.$/);
    fault.clear();
    stop.press('Try Again');
    await scene.answer('Revoke Now');
    assert.match((await scene.closeLast(command)).text, /^Proven dead/);
  });
});
