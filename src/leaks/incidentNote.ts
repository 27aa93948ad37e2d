import { maskRawKey } from '../omi/rawKey';
import { redact } from '../omi/redact';
import { markdownRow, plainInMarkdown } from './markdown';
import { maskedKey, type SeenKey } from './seenKey';

/** What was done about a leaked key, step by step. */
export type IncidentStep =
  'found' | 'confirmed' | 'newKeyMade' | 'revoked' | 'checked' | 'stillAnswering' | 'provenDead' | 'replaced';

/** How a response ended; the kinds are those of `LeakEnd`. */
export type IncidentEnd =
  | 'provenDead'
  | 'revokedNotProvable'
  | 'revokedStillAnswering'
  | 'alreadyDead'
  | 'notYourAccount'
  | 'stillLive'
  | 'notConfirmed'
  | 'untried';

/** What a check said; a failure, whatever it was, counts as not answered. */
export type ProofAnswer = 'gone' | 'listed' | 'dead' | 'alive' | 'untellable' | 'notAnswered';
type ProofGiven = Exclude<ProofAnswer, 'notAnswered'> | { readonly kind: string };

/** A place in a file; `line` counts from 0. */
export interface IncidentPlace {
  readonly path: string;
  readonly line: number;
}

/** All that an incident note tells. Times in milliseconds since the epoch. */
export interface IncidentFacts {
  readonly key: SeenKey;
  /** As Omi lists it; undefined where it is in no list. */
  readonly listed: { readonly name: string; readonly id: string; readonly account: string } | undefined;
  readonly places: readonly IncidentPlace[];
  /** Those of the places that read the key from elsewhere now. */
  readonly replaced: readonly IncidentPlace[];
  readonly commits: readonly {
    readonly commit: string;
    readonly authoredAt: number;
    readonly path: string;
    readonly isPublished: boolean;
    readonly branches: readonly string[];
  }[];
  readonly steps: readonly { readonly at: number; readonly step: IncidentStep }[];
  readonly end: IncidentEnd;
  /** The last round of checks; a `DeathProof` fits. */
  readonly proof:
    { readonly list: ProofGiven; readonly keyRoute: ProofGiven; readonly dataRoute: ProofGiven } | undefined;
  readonly searchedAt: SearchedAt;
}

/** When files and history were last searched as a whole; undefined where that is not so: then what is missing is not known. */
export interface SearchedAt {
  readonly places: number | undefined;
  readonly commits: number | undefined;
}

/** What remains to be done. */
export type Remaining =
  'revoke' | 'ownerRevokes' | 'awaitDeath' | 'historyStays' | 'checkUse' | 'replacePlaces';

/** The words of a note, in the person's language. None of them may hold words of others. */
export interface IncidentWords {
  readonly title: string;
  readonly key: string;
  readonly name: string;
  readonly id: string;
  readonly account: string;
  readonly result: string;
  readonly proof: string;
  readonly proofs: { readonly list: string; readonly keyRoute: string; readonly dataRoute: string };
  readonly answers: Readonly<Record<ProofAnswer, string>>;
  readonly ends: Readonly<Record<IncidentEnd, string>>;
  readonly done: string;
  readonly step: string;
  readonly timeUtc: string;
  readonly steps: Readonly<Record<IncidentStep, string>>;
  readonly places: string;
  readonly place: string;
  readonly isReplaced: string;
  readonly commits: string;
  readonly commit: string;
  readonly authoredUtc: string;
  readonly file: string;
  readonly commitMessage: string;
  readonly published: string;
  readonly yes: string;
  readonly no: string;
  readonly none: string;
  readonly searchedUtc: string;
  /** What is said in place of a list where nothing was found and not everything was searched. */
  readonly notSearched: Readonly<Record<keyof SearchedAt, string>>;
  /** What is said before a list where not everything was searched. */
  readonly mayBeMore: Readonly<Record<keyof SearchedAt, string>>;
  readonly remains: string;
  readonly remaining: Readonly<Record<Remaining, string>>;
}

/** What each end leaves to be done about the key itself. */
const leftBy: Readonly<Partial<Record<IncidentEnd, Remaining>>> = {
  stillLive: 'revoke',
  notConfirmed: 'revoke',
  untried: 'revoke',
  notYourAccount: 'ownerRevokes',
  revokedStillAnswering: 'awaitDeath',
};

/** What remains to be done, the most pressing first. A published key has been seen: its history need not be rewritten. */
export function remainingOf({ end, commits, places, replaced }: IncidentFacts): readonly Remaining[] {
  const first = leftBy[end];
  const isPublished = commits.some((commit) => commit.isPublished);
  const done = new Set(replaced.map(placeRef));
  const left: readonly (readonly [boolean, Remaining])[] = [
    [isPublished, 'checkUse'],
    [isPublished && first === undefined, 'historyStays'],
    [places.some((place) => !done.has(placeRef(place))), 'replacePlaces'],
  ];
  return [...(first ? [first] : []), ...left.filter(([applies]) => applies).map(([, what]) => what)];
}

/**
 * The note on a leaked key in Markdown, for an incident report or a ticket. Times are UTC in ISO 8601. No raw key gets
 * into it, whatever a path or a name holds.
 */
export function incidentNote(facts: IncidentFacts, words: IncidentWords): string {
  const { key, listed, end, proof } = facts;
  const masked = maskedKey(key);
  const named: readonly (readonly [string, string])[] = listed
    ? [
        [words.name, listed.name],
        [words.id, listed.id],
        [words.account, listed.account],
      ]
    : [];
  const lines = [
    `# ${words.title}: ${plain(masked)}`,
    '',
    `- ${words.key}: ${plain(masked)}`,
    ...named.map(([label, value]) => `- ${label}: ${plain(value)}`),
    `- ${words.result}: ${words.ends[end]}`,
    ...(proof ? [`- ${words.proof}: ${proofInWords(proof, words)}`] : []),
    ...section(words.done, table([words.timeUtc, words.step], stepRows(facts, words), words.none)),
    ...found('places', [words.place, words.isReplaced], placeRows(facts, words), facts, words),
    ...found(
      'commits',
      [words.commit, words.authoredUtc, words.file, words.published],
      commitRows(facts, words),
      facts,
      words,
    ),
    ...['', `## ${words.remains}`, ''],
    ...bullets(
      remainingOf(facts).map((what) => words.remaining[what]),
      words.none,
    ),
    '',
  ];
  return maskRawKey(lines.join('\n'));
}

function proofInWords(
  proof: NonNullable<IncidentFacts['proof']>,
  { proofs, answers }: IncidentWords,
): string {
  const said = (given: ProofGiven): string => answers[typeof given === 'string' ? given : 'notAnswered'];
  return [
    `${proofs.list}: ${said(proof.list)}`,
    `${proofs.keyRoute}: ${said(proof.keyRoute)}`,
    `${proofs.dataRoute}: ${said(proof.dataRoute)}`,
  ].join('; ');
}

function stepRows({ steps }: IncidentFacts, words: IncidentWords): readonly (readonly string[])[] {
  return steps.toSorted((a, b) => a.at - b.at).map(({ at, step }) => [utc(at), words.steps[step]]);
}

function placeRows(
  { places, replaced }: IncidentFacts,
  words: IncidentWords,
): readonly (readonly string[])[] {
  const done = new Set(replaced.map(placeRef));
  const once = new Map([...places, ...replaced].map((place) => [placeRef(place), place]));
  return [...once].map(([ref, { path, line }]) => [
    plain(`${path}:${String(line + 1)}`),
    done.has(ref) ? words.yes : words.no,
  ]);
}

function commitRows({ commits }: IncidentFacts, words: IncidentWords): readonly (readonly string[])[] {
  return commits
    .toSorted((a, b) => a.authoredAt - b.authoredAt)
    .map(({ commit, authoredAt, path, isPublished, branches }) => {
      const where = branches.length > 0 ? ` (${plain(branches.join(', '))})` : '';
      const file = path === '' ? words.commitMessage : plain(path);
      return [plain(commit), utc(authoredAt), file, isPublished ? words.yes + where : words.no];
    });
}

/** What was found, and when it was looked for: that nothing was found says nothing where not everything was searched. */
function found(
  what: keyof SearchedAt,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { searchedAt }: IncidentFacts,
  words: IncidentWords,
): readonly string[] {
  const at = searchedAt[what];
  if (at !== undefined) {
    return section(words[what], [`${words.searchedUtc}: ${utc(at)}`, '', ...table(head, rows, words.none)]);
  }
  return section(
    words[what],
    rows.length > 0 ? [words.mayBeMore[what], '', ...table(head, rows, '')] : [words.notSearched[what]],
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ['', `## ${title}`, '', ...lines];
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): readonly string[] {
  return rows.length > 0 ? [head, head.map(() => '---'), ...rows].map(markdownRow) : [none];
}

function bullets(items: readonly string[], none: string): readonly string[] {
  return items.length > 0 ? items.map((item) => `- ${item}`) : [none];
}

/** To the second; a time that is none is told as such. */
function utc(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function plain(text: string): string {
  return plainInMarkdown(redact(text));
}

function placeRef({ path, line }: IncidentPlace): string {
  return `${path}:${String(line)}`;
}
