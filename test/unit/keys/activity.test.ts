import { beforeEach, describe, expect, test } from 'vitest';
import { Activity, type ActivityEntry } from '../../../src/keys/activity';
import type { Journal } from '../../../src/keys/journal';
import { MemoryJournal } from './memoryJournal';

let journal: MemoryJournal<ActivityEntry>;
let activity: Activity;

beforeEach(() => {
  journal = new MemoryJournal();
  activity = new Activity(journal);
});

const entry = (at: number): ActivityEntry => ({
  at,
  account: 'ada@example.com',
  action: 'revoke',
  keyName: 'robot',
  masked: 'omi_dev_0123…cdef',
  keyId: `id-${String(at)}`,
  end: 'revoked',
  proof: 'list',
});
const entries = (from: number, to: number): ActivityEntry[] =>
  Array.from({ length: to - from }, (_, index) => entry(from + index));
const times = (): number[] => activity.entries.map(({ at }) => at);

test('nothing at first', () => {
  expect(activity.entries).toEqual([]);
});

test('entries come back as they were, newest last, also after a restart', async () => {
  await activity.add([entry(1), entry(2)]);
  await activity.add([]);
  await activity.add([entry(3)]);
  expect(activity.entries).toEqual([entry(1), entry(2), entry(3)]);
  expect(new Activity(journal).entries).toEqual(activity.entries);
});

describe('at most a thousand', () => {
  test.each([
    ['one by one past the end', [entries(0, 999), [entry(999)], [entry(1000)], [entry(1001)]], 2, 1002],
    ['exactly', [entries(0, 1000)], 0, 1000],
    ['more in one go', [entries(0, 2500)], 1500, 2500],
    ['full and refilled', [entries(0, 1000), entries(1000, 2000)], 1000, 2000],
  ])('%s: the oldest leave', async (_, adds, from, to) => {
    for (const add of adds) await activity.add(add);
    expect(times()).toEqual(entries(from, to).map(({ at }) => at));
  });
});

describe('at the same time', () => {
  /** A journal whose writes take their time and may overtake each other. */
  function slowJournal(): Journal<ActivityEntry> {
    let stored: readonly ActivityEntry[] = [];
    let writes = 0;
    return {
      read: () => stored,
      write: async (next) => {
        writes += 1;
        const turns = writes % 2 === 0 ? 1 : 5;
        for (let turn = 0; turn < turns; turn += 1) await new Promise((done) => setImmediate(done));
        stored = next;
      },
    };
  }

  test('a hundred adds lose nothing and keep their order', async () => {
    activity = new Activity(slowJournal());
    await Promise.all(entries(0, 100).map((one) => activity.add([one])));
    expect(times()).toEqual(entries(0, 100).map(({ at }) => at));
  });
});

test('a journal that refuses rejects that add alone; its entry is shown, and written with the next one', async () => {
  await activity.add([entry(1)]);
  journal.refuses = true;
  const refused = activity.add([entry(2)]);
  await expect(refused).rejects.toThrow('the disk is full');
  expect(journal.read()).toEqual([entry(1)]);
  expect(times()).toEqual([1, 2]);
  journal.refuses = false;
  await activity.add([entry(3)]);
  expect(journal.read()).toEqual([entry(1), entry(2), entry(3)]);
});

describe('another window', () => {
  /** A journal whose window was told of the state at its start, and hears of nothing more until it is told. */
  const lateJournal = (): Journal<ActivityEntry> & { tell: () => void } => {
    let seen = journal.read();
    return {
      read: () => seen,
      write: (next) => {
        seen = next;
        return journal.write(next);
      },
      tell: () => {
        seen = journal.read();
      },
    };
  };

  test('writes over an entry: it is still shown, and back in the state with the next one', async () => {
    const mine = lateJournal();
    const theirs = lateJournal();
    const here = new Activity(mine);
    const there = new Activity(theirs);
    await here.add([entry(1)]);
    await there.add([entry(2)]);
    expect(journal.read()).toEqual([entry(2)]);
    mine.tell();
    expect(here.entries).toEqual([entry(1), entry(2)]);
    await here.add([entry(3)]);
    expect(journal.read()).toEqual([entry(1), entry(2), entry(3)]);
  });

  test('pushes entries out for good when the thousand are newer', async () => {
    const here = new Activity(journal);
    await here.add(entries(0, 10));
    await new Activity(journal).add(entries(10, 1010));
    expect(here.entries).toEqual(entries(10, 1010));
  });
});
