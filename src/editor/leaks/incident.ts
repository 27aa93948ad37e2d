import { l10n } from 'vscode';
import type { HistoricFind } from '../../leaks/leakBook';
import type { SeenKey } from '../../leaks/seenKey';
import { placesInWords } from '../rotationReport';
import type { Parts } from '../parts';
import type { KeyInQuestion } from './keyInQuestion';
import { placeOf } from './places';

/** Something that happened while a person responded to a leak, in words; milliseconds since the epoch. */
export interface IncidentStep {
  readonly at: number;
  readonly what: string;
}

/** One leaked key from the first look to the last, kept while somebody responds to it. In memory alone. */
export class Incident {
  readonly question: KeyInQuestion;
  /** Where the key stood when the response began, as a person reads it. */
  readonly places: readonly string[];
  readonly #parts: Pick<Parts, 'leaks' | 'now'>;
  readonly #steps: IncidentStep[] = [];
  /** Places that were left to be changed by hand. */
  left: readonly string[] = [];

  constructor(parts: Pick<Parts, 'leaks' | 'now'>, question: KeyInQuestion) {
    this.question = question;
    this.#parts = parts;
    this.places = placesOf(parts, question);
  }

  get seen(): SeenKey {
    return this.question.seen;
  }

  /** The commits that brought the key in, as far as the history was looked into; newest first. */
  get commits(): readonly HistoricFind[] {
    return this.#parts.leaks.book.historyOf(this.seen.fingerprint);
  }

  get steps(): readonly IncidentStep[] {
    return this.#steps;
  }

  note(what: string): void {
    this.#steps.push({ at: this.#parts.now(), what });
  }

  /** Where the key stands and how far it has got out, as sentences for the question before it is revoked. */
  get whereabouts(): string {
    const places =
      this.places.length === 0
        ? l10n.t('In no file that was looked into.')
        : l10n.t('In {0}.', placesInWords(this.places));
    return [places, this.#commitsInWords()].filter(Boolean).join('\n');
  }

  #commitsInWords(): string {
    const { commits } = this;
    const published = commits.filter(({ isPublished }) => isPublished);
    const count = new Set(commits.map(({ commit }) => commit)).size;
    if (count === 0) return '';
    const branches = [...new Set(published.flatMap((find) => find.branches))];
    if (published.length === 0) {
      return count === 1
        ? l10n.t('In 1 commit that no remote branch holds.')
        : l10n.t('In {0} commits that no remote branch holds.', count);
    }
    const where = branches.length > 0 ? placesInWords(branches) : l10n.t('a remote branch');
    return count === 1
      ? l10n.t('In 1 commit, PUBLISHED in {0}.', where)
      : l10n.t('In {0} commits, PUBLISHED in {1}.', count, where);
  }
}

/** Every place that is known of a key, the one in question first. */
function placesOf({ leaks }: Pick<Parts, 'leaks'>, { seen, at }: KeyInQuestion): readonly string[] {
  const known = leaks.book.found.filter(({ find }) => find.key.fingerprint === seen.fingerprint);
  return [...new Set([...(at ? [at] : []), ...known].map(placeOf))];
}
