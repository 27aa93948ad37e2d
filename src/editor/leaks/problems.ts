import { Diagnostic, DiagnosticSeverity, DiagnosticTag, Disposable, languages, Range, Uri } from 'vscode';
import type { Judgement, Severity } from '../../leaks/judgement';
import type { FoundKey } from '../../leaks/leakBook';
import { keyFamilies } from '../../omi/rawKey';
import type { Parts } from '../parts';
import { findInWords } from './findWords';

/** Who the problems come from, as VS Code shows it. */
export const problemSource = 'Omi API Keys';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

/** Shows each find as a problem, and draws it anew when what is known of its key changes. */
export class Problems {
  readonly #parts: Parts;
  readonly #collection = languages.createDiagnosticCollection(problemSource);
  readonly #watch: Disposable;
  /** The texts that are to be drawn; undefined while nothing is planned. */
  #due: Set<string> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { keys, leaks, sessions } = parts;
    this.#watch = Disposable.from(
      leaks.book.onDidChange((addresses) => this.#plan(addresses)),
      // The rings are those of the account in use.
      leaks.onDidReadLists(() => this.#planAll()),
      sessions.onDidChange(() => this.#planAll()),
      ...keyFamilies.map((family) => keys.rings[family].onDidChange(() => this.#planAll())),
    );
    this.#planAll();
  }

  dispose(): void {
    this.#watch.dispose();
    this.#collection.dispose();
  }

  #planAll(): void {
    this.#plan(new Set(this.#parts.leaks.book.found.map(({ address }) => address)));
  }

  /** Draws once for a burst of changes. */
  #plan(addresses: ReadonlySet<string>): void {
    if (addresses.size === 0) return;
    if (this.#due) {
      addresses.forEach((address) => this.#due?.add(address));
      return;
    }
    this.#due = new Set(addresses);
    queueMicrotask(() => {
      const due = this.#due ?? new Set();
      this.#due = undefined;
      this.#draw(due);
    });
  }

  #draw(addresses: ReadonlySet<string>): void {
    const { leaks } = this.#parts;
    const judged = new Map<string, Judgement>();
    const judge = (found: FoundKey): Judgement => {
      const mark = `${found.find.key.fingerprint} ${found.standing}`;
      const judgement = judged.get(mark) ?? leaks.judge(found);
      judged.set(mark, judgement);
      return judgement;
    };
    const drawn = [...addresses].map((address): Drawn => [
      Uri.parse(address, true),
      leaks.book.foundIn(address).map((found) => problemOf(found, judge(found))),
    ]);
    portions(drawn).forEach((portion) => this.#collection.set(portion));
  }
}

type Drawn = [Uri, readonly Diagnostic[]];

/** Of what one call hands over, VS Code shows the texts up to some 1,100 problems, and drops the rest without a word. */
const mostInOneCall = 1000;

/** Splits what is to be handed over, so that nothing is dropped. */
function portions(drawn: readonly Drawn[]): readonly (readonly Drawn[])[] {
  const all: Drawn[][] = [];
  let count = 0;
  for (const one of drawn) {
    const last = all.at(-1);
    count += one[1].length;
    if (last && count <= mostInOneCall) {
      last.push(one);
    } else {
      all.push([one]);
      count = one[1].length;
    }
  }
  return all;
}

/** The place of a find in the editor. */
export function rangeOf({ find: { line, start, end } }: Pick<FoundKey, 'find'>): Range {
  return new Range(line, start, line, end);
}

function problemOf(found: FoundKey, judgement: Judgement): Diagnostic {
  const message = findInWords(found.find.key, found.standing, judgement);
  const problem = new Diagnostic(rangeOf(found), message, severities[judgement.severity]);
  problem.source = problemSource;
  problem.code = judgement.exposure;
  // A dead key is nothing but litter.
  if (judgement.life === 'dead') problem.tags = [DiagnosticTag.Unnecessary];
  return problem;
}
