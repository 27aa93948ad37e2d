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
  ...{
    key,
    commit,
    authoredAt,
    repository: '/repo/.git',
    author: 'Ada',
    path: 'bot.py',
    isPublished: false,
    branches: [],
  },
});

let book: LeakBook;
let deaths: MemoryJournal<KnownDeath>;
let server: string;
const newBook = (): LeakBook =>
  new LeakBook({ ignored: new MemoryJournal<IgnoredKey>(), deaths, server: () => server });
let told: ReadonlySet<string>[];

beforeEach(() => {
  server = 'https://one.example';
  deaths = new MemoryJournal<KnownDeath>();
  book = newBook();
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

test('a name with a key in it is not kept among what is ignored', async () => {
  const [one, raw] = [newKey(), `omi_dev_${randomBytes(16).toString('hex')}`];
  const address = `file:///${raw}.txt`;
  book.look([textWith(address, one)]);
  await book.ignore([{ ...one, address }]);
  expect(book.found).toEqual([]);
  expect(JSON.stringify(book.ignored)).not.toContain(raw);
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
    book.replaceHistory([commitOf(kept, 'c'), commitOf(fresh, 'd')], new Set(['/repo/.git']));
    const commits = [gone, kept, fresh].map(({ fingerprint }) =>
      book.historyOf(fingerprint).map(({ commit }) => commit),
    );
    expect(commits).toEqual([[], ['c'], ['d']]);
    expect(told.some((addresses) => addresses.has('file:///a'))).toBe(true);
    expect(book.keys.map(({ prefix }) => prefix)).toEqual([gone.prefix, kept.prefix, fresh.prefix]);
  });

  test('of a repository that was not searched stays', () => {
    const key = newKey();
    book.noteHistory([{ ...commitOf(key, 'a'), repository: '/other/.git' }, commitOf(key, 'b')]);
    book.replaceHistory([], new Set(['/repo/.git']));
    expect(book.historyOf(key.fingerprint).map(({ commit }) => commit)).toEqual(['a']);
  });

  test('that was published stays so, whatever a later look can see', () => {
    const key = newKey();
    const pushed = { ...commitOf(key, 'a'), isPublished: true, branches: ['origin/main'] };
    book.noteHistory([pushed]);
    book.noteHistory([commitOf(key, 'a')]);
    expect(book.historyOf(key.fingerprint)).toEqual([pushed]);
    book.replaceHistory([commitOf(key, 'a')], new Set(['/repo/.git']));
    expect(book.historyOf(key.fingerprint)).toEqual([commitOf(key, 'a')]);
  });
});

test('commits that were followed change, or go; those that are not known any more stay away', () => {
  const [key, other] = [newKey(), newKey()];
  book.look([textWith('file:///a', key), textWith('file:///b', other)]);
  const [undone, pushed, kept] = [commitOf(key, 'a', 3), commitOf(key, 'b', 2), commitOf(key, 'c', 1)];
  book.noteHistory([undone, pushed, kept, commitOf(other, 'd')]);
  expect(book.history.map(({ commit }) => commit)).toEqual(['a', 'b', 'c', 'd']);
  told = [];
  const published = { ...pushed, isPublished: true, branches: ['origin/main'] };
  book.followHistory(
    new Map([
      [undone, undefined],
      [pushed, published],
      [commitOf(key, 'e'), published],
    ]),
  );
  expect(book.historyOf(key.fingerprint)).toEqual([published, kept]);
  expect(told.map((addresses) => [...addresses])).toEqual([['file:///a']]);
  book.followHistory(
    new Map([
      [kept, undefined],
      [published, undefined],
    ]),
  );
  expect(book.historyOf(key.fingerprint)).toEqual([]);
  expect(book.repositories).toEqual(new Set(['/repo/.git']));
});

describe('lives', () => {
  test('are those that the server in use has told', async () => {
    const { fingerprint } = newKey();
    await book.tellLife(fingerprint, { kind: 'dead' });
    expect(book.lifeOf(fingerprint)).toEqual({ kind: 'dead' });
    server = 'https://two.example';
    expect(book.lifeOf(fingerprint)).toBeUndefined();
    await book.tellLife(fingerprint, { kind: 'alive', accountId: 'ada' });
    server = 'https://one.example';
    expect(book.lifeOf(fingerprint)).toEqual({ kind: 'dead' });
  });

  test('a death outlasts the window, until the key is seen alive', async () => {
    const { fingerprint } = newKey();
    await book.tellLife(fingerprint, { kind: 'dead' }, 'https://two.example');
    expect(newBook().lifeOf(fingerprint)).toBeUndefined();
    server = 'https://two.example';
    expect(newBook().lifeOf(fingerprint)).toEqual({ kind: 'dead' });
    await book.tellLife(fingerprint, { kind: 'alive', accountId: undefined });
    expect(newBook().lifeOf(fingerprint)).toBeUndefined();
  });

  test('have the texts drawn anew in which the key stands', async () => {
    const key = newKey();
    book.look([textWith('file:///a', key), textWith('file:///b', newKey())]);
    told = [];
    await book.tellLife(key.fingerprint, { kind: 'dying' });
    expect(told.map((addresses) => [...addresses])).toEqual([['file:///a']]);
  });
});
