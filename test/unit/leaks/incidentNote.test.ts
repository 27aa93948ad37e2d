import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  incidentNote,
  remainingOf,
  type IncidentEnd,
  type IncidentFacts,
  type IncidentWords,
  type Remaining,
} from '../../../src/leaks/incidentNote';
import { maskedKey, seenKeyOf } from '../../../src/leaks/seenKey';

const digits = randomBytes(16).toString('hex');
const raw = `omi_dev_${digits}`;
const key = seenKeyOf(raw);
const at = Date.UTC(2026, 2, 4, 5, 6, 7, 890);
const utc = '2026-03-04T05:06:07Z';
const commit = {
  commit: 'abc123',
  authoredAt: at,
  path: 'src/a.ts',
  isPublished: true,
  branches: ['origin/main'],
};
const local = { ...commit, isPublished: false, branches: [] };
const place = { path: 'src/a.ts', line: 2 };

const words: IncidentWords = {
  title: 'Leaked Omi API key',
  key: 'API key',
  name: 'Name',
  id: 'ID',
  account: 'Account',
  result: 'Result',
  proof: 'Proof',
  proofs: { list: 'List', keyRoute: 'Key route', dataRoute: 'Data route' },
  answers: {
    gone: 'gone',
    listed: 'listed',
    dead: 'refused',
    alive: 'accepted',
    untellable: 'no proof',
    notAnswered: 'no answer',
  },
  ends: {
    provenDead: 'proven dead',
    revokedNotProvable: 'revoked, not provable',
    revokedStillAnswering: 'revoked, still answering',
    alreadyDead: 'already dead',
    notYourAccount: 'not your account',
    stillLive: 'STILL LIVE',
    notConfirmed: 'not confirmed',
    untried: 'not tried',
  },
  done: 'What Was Done',
  step: 'Step',
  timeUtc: 'Time (UTC)',
  steps: {
    found: 'Found',
    confirmed: 'Confirmed',
    newKeyMade: 'New key made',
    revoked: 'Revoked',
    checked: 'Checked',
    stillAnswering: 'Still answering',
    provenDead: 'Proven dead',
    replaced: 'Replaced',
  },
  places: 'Places',
  place: 'Place',
  isReplaced: 'Replaced',
  commits: 'Commits',
  commit: 'Commit',
  authoredUtc: 'Authored (UTC)',
  file: 'File',
  commitMessage: 'commit message',
  published: 'Published',
  yes: 'yes',
  no: 'no',
  none: 'None.',
  searchedUtc: 'Searched (UTC)',
  notSearched: { places: 'Files not searched.', commits: 'History not searched.' },
  mayBeMore: { places: 'More files may hold it.', commits: 'More commits may hold it.' },
  remains: 'What Remains',
  remaining: {
    revoke: 'Revoke it.',
    ownerRevokes: 'Have its owner revoke it.',
    awaitDeath: 'Wait.',
    historyStays: 'Leave the history.',
    checkUse: 'Check its use.',
    replacePlaces: 'Replace it.',
  },
};
const facts = (changes: Partial<IncidentFacts> = {}): IncidentFacts => ({
  key,
  listed: { name: 'prod-bot', id: 'id-1', account: 'ada@example.com' },
  places: [place, { path: 'b.py', line: 0 }],
  replaced: [place],
  commits: [{ ...local, commit: 'def456', path: '', authoredAt: at + 1000 }, commit],
  steps: [
    { at: at + 2000, step: 'provenDead' },
    { at, step: 'revoked' },
  ],
  end: 'provenDead',
  proof: { list: 'gone', keyRoute: 'dead', dataRoute: { kind: 'timeout' } },
  searchedAt: { places: at, commits: at + 1000 },
  ...changes,
});

test('tells everything, in order of time', () => {
  expect(incidentNote(facts(), words)).toBe(
    [
      `# Leaked Omi API key: ${maskedKey(key)}`,
      '',
      `- API key: ${maskedKey(key)}`,
      '- Name: prod-bot',
      '- ID: id-1',
      '- Account: ada@example.com',
      '- Result: proven dead',
      '- Proof: List: gone; Key route: refused; Data route: no answer',
      '',
      '## What Was Done',
      '',
      '| Time (UTC) | Step |',
      '| --- | --- |',
      `| ${utc} | Revoked |`,
      '| 2026-03-04T05:06:09Z | Proven dead |',
      '',
      '## Places',
      '',
      `Searched (UTC): ${utc}`,
      '',
      '| Place | Replaced |',
      '| --- | --- |',
      '| src/a.ts:3 | yes |',
      '| b.py:1 | no |',
      '',
      '## Commits',
      '',
      'Searched (UTC): 2026-03-04T05:06:08Z',
      '',
      '| Commit | Authored (UTC) | File | Published |',
      '| --- | --- | --- | --- |',
      `| abc123 | ${utc} | src/a.ts | yes (origin/main) |`,
      '| def456 | 2026-03-04T05:06:08Z | commit message | no |',
      '',
      '## What Remains',
      '',
      '- Check its use.',
      '- Leave the history.',
      '- Replace it.',
      '',
    ].join('\n'),
  );
});

test('says where there is nothing to tell', () => {
  const note = incidentNote(
    facts({ listed: undefined, places: [], replaced: [], commits: [], steps: [], proof: undefined }),
    words,
  );
  expect(note.split('\n').filter((line) => line === 'None.')).toHaveLength(4);
  expect(note.includes('Name')).toBe(false);
});

describe('a place that was not searched as a whole', () => {
  const searchedAt = { places: undefined, commits: undefined };

  test('is not told as empty', () => {
    const note = incidentNote(facts({ places: [], replaced: [], commits: [], searchedAt }), words);
    expect(note).toContain('## Places\n\nFiles not searched.\n\n## Commits\n\nHistory not searched.\n');
  });

  test('may hold more than was found', () => {
    const note = incidentNote(facts({ searchedAt }), words);
    expect(note).toContain('## Places\n\nMore files may hold it.\n\n| Place |');
    expect(note).toContain('## Commits\n\nMore commits may hold it.\n\n| Commit |');
  });

  test('is told apart from one that was', () => {
    const note = incidentNote(
      facts({ places: [], replaced: [], commits: [], searchedAt: { ...searchedAt, commits: at } }),
      words,
    );
    expect(note).toContain(`Files not searched.\n\n## Commits\n\nSearched (UTC): ${utc}\n\nNone.\n`);
  });
});

test('holds no raw key and no markup of others, whatever names and paths hold', () => {
  const hostile = `${raw} |<b>\`x\` [a](b)\n# c ${raw}`;
  const note = incidentNote(
    facts({
      listed: { name: hostile, id: hostile, account: hostile },
      places: [{ path: hostile, line: 0 }],
      commits: [{ ...commit, commit: hostile, path: hostile, branches: [hostile] }],
    }),
    words,
  );
  expect(note.includes(digits)).toBe(false);
  expect(note.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
  expect(/(?<!\\)[`<[]/.test(note)).toBe(false);
  expect(note.split('\n').filter((line) => line.startsWith('|') && line.includes('x')).length).toBe(2);
});

test('a time that is none does no harm', () => {
  expect(incidentNote(facts({ steps: [{ at: NaN, step: 'found' }] }), words)).toContain('| ? | Found |');
});

describe('what remains', () => {
  const none = { commits: [], places: [], replaced: [] };
  const published = { ...none, commits: [commit] };
  type Case = readonly [IncidentEnd, Partial<IncidentFacts>, readonly Remaining[]];
  const cases: readonly Case[] = [
    ['provenDead', none, []],
    ['provenDead', { ...none, commits: [local] }, []],
    ['provenDead', published, ['checkUse', 'historyStays']],
    ['alreadyDead', published, ['checkUse', 'historyStays']],
    ['revokedNotProvable', published, ['checkUse', 'historyStays']],
    ['revokedStillAnswering', published, ['awaitDeath', 'checkUse']],
    ['stillLive', published, ['revoke', 'checkUse']],
    ['notConfirmed', none, ['revoke']],
    ['untried', none, ['revoke']],
    ['notYourAccount', published, ['ownerRevokes', 'checkUse']],
    ['provenDead', { ...none, places: [place] }, ['replacePlaces']],
    ['provenDead', { ...none, places: [place], replaced: [place] }, []],
  ];
  test.each(cases)('%s, %o', (end, changes, left) => {
    expect(remainingOf(facts({ ...changes, end }))).toEqual(left);
  });
});
