import assert from 'node:assert/strict';
import { hostWatch } from './support/hostWatch';
import { useStage } from './support/stage';

const secretForms: readonly RegExp[] = [/omi_(dev|mcp)_[0-9a-f]{32}/g, /eyJ[\w-]{8,}\.[\w.-]*/g];

describe('Secrets, after all other suites', () => {
  const stage = useStage();
  const { shown, logged, secrets } = hostWatch();
  // Some suites say and log little: these texts are there in any case.
  before(() => stage.signIn());
  after(() => stage.reset());

  const covered = (text: string): string =>
    [...secrets, ...secretForms].reduce<string>((rest, secret) => rest.replaceAll(secret, '●'), text);
  /** The texts that hold a secret, each by its place among them and with all its secrets covered. */
  const leaks = (texts: readonly string[]): string[] =>
    texts.flatMap((text, index) => {
      const rest = covered(text);
      return rest === text ? [] : [`${String(index)}: ${rest}`];
    });

  it('were never on the screen', () => {
    assert.ok(shown.length > 0 && secrets.size > 10, 'nothing was watched');
    assert.deepEqual(leaks(shown), []);
  });

  it('were never in the log', () => {
    assert.ok(
      logged.some((line) => line.includes('/v1/dev/keys')),
      'nothing was watched',
    );
    assert.deepEqual(leaks(logged), []);
  });

  it('were never in the state of VS Code, nor in the list of accounts', async () => {
    const { context } = hostWatch();
    assert.ok(context, 'nothing was watched');
    const states = [context.globalState, context.workspaceState];
    const kept = states.flatMap((state) => state.keys().map((key) => JSON.stringify(state.get(key))));
    const accounts = (await context.secrets.get('omi.accounts')) ?? '';
    assert.deepEqual(leaks([...kept, accounts]), []);
  });

  it('would have been noticed', () => {
    const [secret = ''] = secrets;
    const key = `omi_dev_${'0'.repeat(32)}`;
    assert.deepEqual(leaks(['nothing', `before ${secret} after ${key}`]), ['1: before ● after ●']);
  });
});
