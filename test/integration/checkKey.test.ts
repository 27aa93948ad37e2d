import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { dataRoute, keyRoute, masked, named, useLeakScene, type LeakScene } from './support/leakScene';

describe('Check Whether an API Key Is Alive', () => {
  const scene = useLeakScene('check');

  /** Checks a key that stands at the caret; gives the one notification. */
  const check = async (raw: string): Promise<Awaited<ReturnType<LeakScene['closeLast']>>> => {
    await scene.showLeak(raw);
    const message = await scene.closeLast(scene.check());
    assert.ok(scene.stage.sandbox.requests.every(({ method }) => method === 'GET'));
    return message;
  };

  describe('with nobody signed in', () => {
    it('says that it is alive, and that asking was a use', async () => {
      const key = scene.key();
      const message = await check(key.raw);
      assert.deepEqual(
        [message.level, message.text, message.buttons],
        [
          'warn',
          `${masked(key)} is ALIVE. Whose it is cannot be told: nobody is signed in here. Asking counted as a use.`,
          ['Respond'],
        ],
      );
    });

    it('says that it is dead, and how that is known', async () => {
      const key = scene.key();
      scene.stage.sandbox.deleteKey('ada', key.id);
      const message = await check(key.raw);
      assert.equal(message.text, `${masked(key)} is dead. Omi refuses it when asked about the key itself.`);
    });

    it('asks for data where the server has no route for keys', async () => {
      const key = scene.key();
      scene.stage.sandbox.deleteKey('ada', key.id);
      scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 404 } });
      const message = await check(key.raw);
      assert.equal(message.text, `${masked(key)} is dead. Omi refuses it when it asks for data.`);
    });

    it('says that an MCP key cannot be asked about, and sends nothing', async () => {
      const message = await check(scene.key('cursor', 'mcp').raw);
      assert.match(message.text, /cannot be told: Omi offers no way to ask about an MCP key\./);
      assert.deepEqual(scene.stage.sandbox.requestLines, []);
    });

    it('offers to sign in where only the account that lists it can tell', async () => {
      const key = scene.key('cursor', 'mcp');
      await scene.showLeak(key.raw);
      const command = scene.check();
      const first = await scene.stage.person.nextMessage();
      assert.match(first.text, /Only the account that owns it lists it: sign in to that account\.$/);
      assert.deepEqual(first.buttons, ['Sign In']);
      first.press('Sign In');
      await scene.signInByToken('ada');
      const { text, buttons } = await scene.closeLast(command);
      assert.match(text, /it is "cursor" .* of ada@example\.com, which Omi lists: it was not revoked\.$/);
      assert.deepEqual(buttons, ['Respond']);
    });

    it('takes a key that is pasted unseen, and says before that asking is a use', async () => {
      const key = scene.key();
      const command = scene.check();
      const box = await scene.stage.person.inputBox();
      assert.equal(box.password, true);
      assert.match(box.prompt ?? '', /counts as a use: its "last used" becomes now\.$/);
      await scene.stage.person.tryOut('nonsense');
      assert.deepEqual(scene.stage.sandbox.requestLines, []);
      await scene.stage.person.paste(key.raw);
      assert.match((await scene.closeLast(command)).text, /is ALIVE/);
    });

    it('says why it could not ask; Try Again asks again', async () => {
      const key = scene.key();
      const fault = scene.stage.sandbox.fault({ times: Infinity, effect: { drop: 'before' } });
      await scene.showLeak(key.raw);
      const command = scene.check();
      const first = await scene.stage.person.nextMessage();
      assert.match(
        first.text,
        /^Whether omi_dev_.* is alive could not be asked\. The connection to .* broke off\.$/,
      );
      assert.deepEqual(first.buttons, ['Try Again', 'Show Log']);
      fault.clear();
      first.press('Try Again');
      assert.match((await scene.closeLast(command)).text, /is ALIVE/);
    });
  });

  describe('signed in', () => {
    beforeEach(() => scene.signIn());

    it('names the key and its account', async () => {
      const key = scene.key();
      const message = await check(key.raw);
      assert.equal(message.text, `ALIVE: it is ${named(key)} of ada@example.com. Asking counted as a use.`);
    });

    it('names what it can be by its digits where Omi does not name it', async () => {
      const key = scene.key();
      scene.stage.sandbox.fault({ path: keyRoute, times: Infinity, effect: { status: 404 } });
      const message = await check(key.raw);
      assert.match(message.text, /^ALIVE: by its first and last digits it is "prod-bot" /);
    });

    it('says of an MCP key that it is listed, for nothing more can be known', async () => {
      const key = scene.key('cursor', 'mcp');
      const message = await check(key.raw);
      assert.equal(
        message.text,
        `Whether ${masked(key)} is alive cannot be told: Omi offers no way to ask about an MCP key. ` +
          `By its first and last digits it is ${named(key)} of ada@example.com, which Omi lists: it was not revoked.`,
      );
    });

    it('says that it belongs to nobody who is signed in', async () => {
      const message = await check(scene.keyOf('grace').raw);
      assert.match(
        message.text,
        /is ALIVE, but belongs to no account that is signed in here\. Searched: ada@example\.com\./,
      );
    });

    it('says of a listed key that it could not be asked about, and why', async () => {
      const key = scene.key();
      for (const path of [keyRoute, dataRoute]) {
        scene.stage.sandbox.fault({
          path,
          times: Infinity,
          effect: { status: 400, body: { detail: 'Odd' } },
        });
      }
      await scene.showLeak(key.raw);
      const { text, buttons } = await scene.closeLast(scene.check());
      assert.match(
        text,
        /still works could not be asked\. Omi refused the request\. It says: Odd\. By its first/,
      );
      assert.deepEqual(buttons, ['Try Again', 'Respond', 'Show Log']);
    });

    it('leads to the response, which asks before it revokes', async () => {
      const key = scene.key();
      await scene.showLeak(key.raw);
      const command = scene.check();
      (await scene.stage.person.nextMessage()).press('Respond');
      await scene.answer('Revoke Now');
      assert.match((await scene.closeLast(command)).text, /^Proven dead/);
    });
  });

  it('changes nothing in the text it is about', async () => {
    const key = scene.key();
    await check(key.raw);
    const { document } = vscode.window.activeTextEditor ?? assert.fail('no editor');
    assert.deepEqual([document.isDirty, document.version], [false, 1]);
  });
});
