import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { LeakBook, type IgnoredKey, type KnownDeath, type LookedInto } from '../../../src/leaks/leakBook';
import type { HistoryFind } from '../../../src/leaks/scanHistory';
import { seenKeyOf, type SeenKey } from '../../../src/leaks/seenKey';
import { MemoryJournal } from '../keys/memoryJournal';

const newKey = (): SeenKey => seenKeyOf(`omi_dev_${randomBytes(16).toString('hex')}`);
const textWith = (address: string, ...keys: readonly SeenKey[]): LookedInto => ({
  address,
  standing: 'tracked',
  finds: keys.map((key, line) => ({ key, line, start: 0, end: 40 })),
});
const commitOf = (key: SeenKey, commit: string, authoredAt = 0): HistoryFind => ({
  ...{ key, commit, authoredAt, author: 'Ada', path: 'bot.py', isPublished: false, branches: [] },
});

let book: LeakBook;
let told: ReadonlySet<string>[];

beforeEach(() => {
  book = new LeakBook({ ignored: new MemoryJournal<IgnoredKey>(), deaths: new MemoryJournal<KnownDeath>() });
  told = [];
  book.onDidChange((addresses) => told.push(addresses));
});

describe('texts', () => {
  test('are held until they are looked at without finds, or forgotten', () => {
    const [one, two] = [newKey(), newKey()];
    book.look([textWith('file:///a', one), textWith('file:///b', two), textWith('file:///c')]);
    expect(book.addresses).toEqual(['file:///a', 'file:///b']);
    book.look([textWith('file:///a')]);
    expect(book.addresses).toEqual(['file:///b']);
    book.forget((address) => address === 'file:///b');
    expect(book.addresses).toEqual([]);
    expect(told.map((addresses) => [...addresses])).toEqual([
      ['file:///a', 'file:///b'],
      ['file:///a'],
      ['file:///b'],
    ]);
  });

  test('without one of the keys that are ignored there, or everywhere', async () => {
    const [one, two] = [newKey(), newKey()];
    book.look([textWith('file:///a', one, two), textWith('file:///b', one, two)]);
    await book.ignore([
      { ...one, address: 'file:///a' },
      { ...two, address: '' },
    ]);
    expect(book.found.map(({ address, find }) => [address, find.key.prefix])).toEqual([
      ['file:///b', one.prefix],
    ]);
  });
});

describe('history', () => {
  test('is added to, each commit and file once, the newest first', () => {
    const key = newKey();
    book.noteHistory([commitOf(key, 'a', 1)]);
    book.noteHistory([commitOf(key, 'b', 2), commitOf(key, 'a', 1)]);
    expect(book.historyOf(key.fingerprint).map(({ commit }) => commit)).toEqual(['b', 'a']);
  });

  test('gives way to what a search of everything has found', () => {
    const [gone, kept, fresh] = [newKey(), newKey(), newKey()];
    book.look([textWith('file:///a', gone)]);
    book.noteHistory([commitOf(gone, 'a'), commitOf(kept, 'b')]);
    told = [];
    book.replaceHistory([commitOf(kept, 'c'), commitOf(fresh, 'd')]);
    const commits = [gone, kept, fresh].map(({ fingerprint }) =>
      book.historyOf(fingerprint).map(({ commit }) => commit),
    );
    expect(commits).toEqual([[], ['c'], ['d']]);
    expect(told.some((addresses) => addresses.has('file:///a'))).toBe(true);
    expect(book.keys.map(({ prefix }) => prefix)).toEqual([gone.prefix, kept.prefix, fresh.prefix]);
  });
});
