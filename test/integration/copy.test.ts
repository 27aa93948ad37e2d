import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { useStage } from './support/stage';

describe('Copy Key ID and Copy Key Prefix', () => {
  const stage = useStage();
  beforeEach(async () => {
    await stage.signIn();
    await vscode.env.clipboard.writeText('something else');
  });
  afterEach(() => stage.reset());

  const clipboard = (): Thenable<string> => vscode.env.clipboard.readText();

  it('copies the id of the clicked row', async () => {
    await stage.run('omi.key.copyId', await stage.row('prod-bot')).done;
    assert.equal(await clipboard(), stage.sandbox.key('ada', 'prod-bot').id);
  });

  it('copies the prefix of the clicked row as Omi writes it', async () => {
    await stage.run('omi.key.copyPrefix', await stage.row('cursor', 'mcp')).done;
    assert.equal(await clipboard(), stage.sandbox.key('ada', 'cursor', 'mcp').prefix);
  });

  it('copies the clicked row alone, whatever is selected', async () => {
    const clicked = await stage.row('prod-bot');
    await stage.run('omi.key.copyId', clicked, [await stage.row('old-laptop'), clicked]).done;
    assert.equal(await clipboard(), stage.sandbox.key('ada', 'prod-bot').id);
  });

  it('copies the id of the key picked in the palette', async () => {
    const command = stage.run('omi.key.copyId');
    await stage.person.choose('old-laptop');
    await command.done;
    assert.equal(await clipboard(), stage.sandbox.key('ada', 'old-laptop').id);
  });

  it('copies the prefix of the key picked in the palette', async () => {
    const command = stage.run('omi.key.copyPrefix');
    await stage.person.choose('old-laptop');
    await command.done;
    assert.equal(await clipboard(), stage.sandbox.key('ada', 'old-laptop').prefix);
  });

  it('leaves the clipboard alone when the pick is closed', async () => {
    const command = stage.run('omi.key.copyId');
    await stage.person.quickPick();
    await stage.person.escape();
    await command.done;
    assert.equal(await clipboard(), 'something else');
    assert.equal(stage.person.messages.length, 0);
  });
});
