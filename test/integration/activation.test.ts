import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { extensionId } from './support/hostWatch';
import { useStage } from './support/stage';

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe('Activation', () => {
  const stage = useStage();

  it('registers every command of the manifest', async () => {
    const extension = vscode.extensions.getExtension<unknown>(extensionId);
    const { contributes } = extension?.packageJSON as Manifest;
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command)),
      [],
    );
  });

  it('starts signed out, with no rows and nothing said', async () => {
    assert.equal(stage.contextKey('omi.session'), 'signedOut');
    assert.deepEqual(await stage.groups(), []);
    assert.equal(stage.person.unseen, 0);
  });

  it('sends nothing before somebody signs in', async () => {
    await stage.signIn();
    const { requests } = stage.sandbox;
    assert.ok(requests.length > 0);
    assert.deepEqual(
      requests.filter(({ account }) => account !== 'ada'),
      [],
    );
    await stage.reset();
  });
});
