import { l10n, Uri, workspace } from 'vscode';
import type { KeyTarget } from '../../keys/key';
import type { IncidentFacts, IncidentPlace, IncidentStep } from '../../leaks/incidentNote';
import type { HistoryFind } from '../../leaks/scanHistory';
import type { SeenKey } from '../../leaks/seenKey';
import type { Parts } from '../parts';
import { placesInWords } from '../rotationReport';
import type { KeyInQuestion } from './keyInQuestion';
import { placeOf } from './places';

type Outcome = Pick<IncidentFacts, 'end' | 'proof'>;

/** Where a key was found and replaced in the files; `isWhole`: nothing was left out. */
interface Replaced {
  readonly all: readonly IncidentPlace[];
  readonly replaced: readonly IncidentPlace[];
  readonly isWhole: boolean;
}

/** One leaked key from the first look to the last, for as long as somebody responds to it. In memory alone. */
export class Incident {
  readonly question: KeyInQuestion;
  readonly #parts: Parts;
  readonly #steps: { readonly at: number; readonly step: IncidentStep }[] = [];
  /** Where the key stood when the response began, as a person reads it. */
  readonly #placesInWords: readonly string[];
  #places: readonly IncidentPlace[];
  #replaced: readonly IncidentPlace[] = [];
  #placesSearchedAt: number | undefined;
  #outcome: Outcome = { end: 'untried', proof: undefined };
  /** What the raw key was found to be; undefined while no signed-in account lists it. */
  target: KeyTarget | undefined;

  constructor(parts: Parts, question: KeyInQuestion) {
    this.question = question;
    this.#parts = parts;
    const { seen, at } = question;
    const known = parts.leaks.book.found.filter(({ find }) => find.key.fingerprint === seen.fingerprint);
    const places = [...(at ? [at] : []), ...known];
    this.#placesInWords = [...new Set(places.map(placeOf))];
    this.#places = places.map(({ address, find }) => ({ path: pathOf(address), line: find.line }));
    this.#placesSearchedAt = parts.leaks.searches.at.places;
    this.step('found');
  }

  get seen(): SeenKey {
    return this.question.seen;
  }

  /** Writes down what was done just now. */
  step(step: IncidentStep): void {
    this.#steps.push({ at: this.#parts.now(), step });
  }

  /** The same of what happens once, however often it is seen. */
  stepOnce(step: IncidentStep): void {
    if (!this.#steps.some((one) => one.step === step)) this.step(step);
  }

  /** Writes down how the response ended so far. */
  end(outcome: Outcome): void {
    this.#outcome = outcome;
  }

  /** Writes down where the key was found in the files, and where it was replaced. */
  replacedAt({ all, replaced, isWhole }: Replaced): void {
    if (isWhole) this.#placesSearchedAt = this.#parts.now();
    this.#places = [...this.#places, ...all];
    this.#replaced = [...this.#replaced, ...replaced];
    if (replaced.length > 0) this.step('replaced');
  }

  /** Whether the key was one of an account that is signed in, and no other has come in its place. */
  get needsNewKey(): boolean {
    return this.target !== undefined && !this.#steps.some(({ step }) => step === 'newKeyMade');
  }

  /** All that a note tells. */
  get facts(): IncidentFacts {
    const { target, seen } = this;
    const { accounts } = this.#parts.sessions;
    const account = accounts.find(({ id }) => id === target?.accountId)?.label ?? target?.accountId ?? '';
    return {
      key: seen,
      listed: target && { name: target.key.name, id: target.key.id, account },
      places: uniquePlaces(this.#places),
      replaced: uniquePlaces(this.#replaced),
      commits: this.#commits,
      steps: this.#steps,
      searchedAt: { ...this.#parts.leaks.searches.at, places: this.#placesSearchedAt },
      ...this.#outcome,
    };
  }

  /** Where the key stands and how far it has got out, for the question before it is revoked; one sentence a line. */
  get whereabouts(): string {
    const places =
      this.#placesInWords.length === 0
        ? l10n.t('In no file that was looked into.')
        : l10n.t('In {0}.', placesInWords(this.#placesInWords));
    return [places, this.#commitsInWords()].filter(Boolean).join('\n');
  }

  /** The commits that brought the key in, as far as the history was looked into; newest first. */
  get #commits(): readonly HistoryFind[] {
    return this.#parts.leaks.book.historyOf(this.seen.fingerprint);
  }

  #commitsInWords(): string {
    const count = new Set(this.#commits.map(({ commit }) => commit)).size;
    if (count === 0) return '';
    const published = this.#commits.filter(({ isPublished }) => isPublished);
    if (published.length === 0) {
      return count === 1
        ? l10n.t('In 1 commit that no remote branch holds.')
        : l10n.t('In {0} commits that no remote branch holds.', count);
    }
    const branches = [...new Set(published.flatMap((find) => find.branches))];
    const where = branches.length > 0 ? placesInWords(branches) : l10n.t('a remote branch');
    return count === 1
      ? l10n.t('In 1 commit, PUBLISHED in {0}.', where)
      : l10n.t('In {0} commits, PUBLISHED in {1}.', count, where);
  }
}

/** A file's path in the workspace. */
export function pathOf(address: string): string {
  return workspace.asRelativePath(Uri.parse(address, true));
}

function uniquePlaces(places: readonly IncidentPlace[]): readonly IncidentPlace[] {
  return [...new Map(places.map((place) => [`${place.path}:${String(place.line)}`, place])).values()];
}
