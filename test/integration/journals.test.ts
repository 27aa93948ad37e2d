import assert from 'node:assert/strict';
import type { Memento } from 'vscode';
import { journalIn, steadyState } from '../../src/editor/journals';
import type { Journal } from '../../src/keys/journal';
import { hostWatch } from './support/hostWatch';
import { useStage } from './support/stage';

describe("Journals in VS Code's state", () => {
  const names = ['omi.test.one', 'omi.test.two'];
  useStage();
  let state: Memento;
  before(() => {
    state = hostWatch().context?.globalState ?? assert.fail('not active');
  });
  after(async () => {
    for (const name of names) await state.update(name, undefined);
  });

  it('keep every entry while several are written at their own pace', async () => {
    const steady = steadyState(state);
    const journals = names.map((name) => journalIn<number>(steady, name));
    let lost = 0;
    const write = async (journal: Journal<number>, turns: (entry: number) => number): Promise<void> => {
      for (let entry = 1; entry <= 300; entry += 1) {
        await journal.write([entry]);
        // Every distance between the writes of the two comes up.
        for (let turn = turns(entry); turn > 0; turn -= 1) await new Promise((next) => setImmediate(next));
        if (journal.read()[0] !== entry) lost += 1;
      }
    };
    await Promise.all(
      journals.map((journal, index) => write(journal, (entry) => (entry * (index + 3)) % (index + 17))),
    );
    assert.equal(lost, 0);
    assert.deepEqual(
      names.map((name) => state.get(name)),
      [[300], [300]],
    );
  });

  it('show at once what is on its way', async () => {
    const journal = journalIn<number>(steadyState(state), names[0] ?? '');
    const first = journal.write([1]);
    assert.deepEqual(journal.read(), [1]);
    const second = journal.write([2]);
    assert.deepEqual(journal.read(), [2]);
    await Promise.all([first, second]);
    assert.deepEqual(journal.read(), [2]);
    assert.deepEqual(state.get(names[0] ?? ''), [2]);
  });

  it('say when the state does not keep what is written', async () => {
    const deaf: Memento = { get: () => undefined, keys: () => [], update: () => Promise.resolve() } as never;
    await assert.rejects(journalIn<number>(steadyState(deaf), 'omi.test.one').write([1]), /omi\.test\.one/);
  });
});
