import { EventEmitter, type Event } from 'cockatiel';
import type { Journal } from '../keys/journal';
import type { FileStanding } from './git';
import type { HistoryFind } from './scanHistory';
import type { Find, SeenKey } from './seenKey';

/** A key at a place of a text. */
export interface FoundKey {
  /** The address of the text, as a URI. */
  readonly address: string;
  readonly find: Find;
  /** How Git sees the file; `outside` also where Git is not asked. */
  readonly standing: FileStanding;
}

/** What is known of one text. */
export interface LookedInto {
  readonly address: string;
  readonly finds: readonly Find[];
  readonly standing: FileStanding;
}

/** What a probe or a revocation has told about a key; `otherAccount` = alive, in no signed-in account. */
export type ToldLife = 'alive' | 'dead' | 'otherAccount';

/** A key that a person does not want to hear of: at one address, or (empty) wherever it stands. */
export interface IgnoredKey {
  readonly fingerprint: string;
  readonly address: string;
  /** What Omi lists it under, for showing. */
  readonly prefix: string;
}

/** A life that lasts beyond the window: a key that was seen dead stays dead. */
export interface KnownDeath {
  readonly fingerprint: string;
}

export interface LeakBookParts {
  readonly ignored: Journal<IgnoredKey>;
  readonly deaths: Journal<KnownDeath>;
}

const mostDeaths = 1000;

/** The one holder of where keys were found and what is known of them. Holds fingerprints and ranges, never a key. */
export class LeakBook {
  readonly #parts: LeakBookParts;
  readonly #changes = new EventEmitter<ReadonlySet<string>>();
  readonly #texts = new Map<string, LookedInto>();
  readonly #history = new Map<string, readonly HistoryFind[]>();
  readonly #lives = new Map<string, ToldLife>();

  constructor(parts: LeakBookParts) {
    this.#parts = parts;
    parts.deaths.read().forEach(({ fingerprint }) => this.#lives.set(fingerprint, 'dead'));
  }

  /** Tells which texts are to be looked at anew: those whose finds, or what is known of their keys, have changed. */
  readonly onDidChange: Event<ReadonlySet<string>> = this.#changes.addListener;

  /** Takes what was found in some texts, in place of what was known of them. One without finds is forgotten. */
  look(texts: readonly LookedInto[]): void {
    const changed = new Set<string>();
    for (const text of texts) {
      const before = this.#texts.get(text.address);
      if (text.finds.length > 0) this.#texts.set(text.address, text);
      else this.#texts.delete(text.address);
      if (before || text.finds.length > 0) changed.add(text.address);
    }
    this.#tell(changed);
  }

  /** Forgets texts that are no more, or are not to be looked into. */
  forget(wanted: (address: string) => boolean): void {
    const gone = new Set([...this.#texts.keys()].filter(wanted));
    gone.forEach((address) => this.#texts.delete(address));
    this.#tell(gone);
  }

  /** What is known of one text; undefined when no key stands in it. */
  textAt(address: string): LookedInto | undefined {
    return this.#texts.get(address);
  }

  /** The texts in which keys stand. */
  get addresses(): readonly string[] {
    return [...this.#texts.keys()];
  }

  /** Every place where a key stands that is not ignored. */
  get found(): readonly FoundKey[] {
    const ignored = this.#ignoredMarks();
    return [...this.#texts.values()].flatMap((text) => this.#foundIn(text, ignored));
  }

  /** The places in one text, without those that are ignored. */
  foundIn(address: string): readonly FoundKey[] {
    const text = this.#texts.get(address);
    return text ? this.#foundIn(text, this.#ignoredMarks()) : [];
  }

  /** Takes the commits that a search has found, beside those known. */
  noteHistory(finds: readonly HistoryFind[]): void {
    const fresh = new Map<string, HistoryFind[]>();
    for (const find of finds) {
      const { fingerprint } = find.key;
      const list = fresh.get(fingerprint);
      if (list) list.push(find);
      else fresh.set(fingerprint, [find]);
    }
    for (const [fingerprint, list] of fresh) {
      const mark = ({ commit, path }: HistoryFind): string => `${commit}\n${path}`;
      const marks = new Set(list.map(mark));
      const others = (this.#history.get(fingerprint) ?? []).filter((find) => !marks.has(mark(find)));
      this.#history.set(fingerprint, [...list, ...others]);
    }
    this.#tellKeys(new Set(fresh.keys()));
  }

  /** Takes what a search of everything has found in place of all that was known: history can be rewritten. */
  replaceHistory(finds: readonly HistoryFind[]): void {
    const before = new Set(this.#history.keys());
    this.#history.clear();
    this.noteHistory(finds);
    this.#tellKeys(before);
  }

  /** The commits that brought a key in, newest first. */
  historyOf(fingerprint: string): readonly HistoryFind[] {
    return (this.#history.get(fingerprint) ?? []).toSorted((a, b) => b.authoredAt - a.authoredAt);
  }

  /** Every key that was found in a text or in history, each once. */
  get keys(): readonly SeenKey[] {
    const keys = [
      ...[...this.#texts.values()].flatMap(({ finds }) => finds.map(({ key }) => key)),
      ...[...this.#history.values()].flatMap((finds) => finds.map(({ key }) => key)),
    ];
    return [...new Map(keys.map((key) => [key.fingerprint, key])).values()];
  }

  /** What was told of a key, if anything was. */
  lifeOf(fingerprint: string): ToldLife | undefined {
    return this.#lives.get(fingerprint);
  }

  /** Takes what a probe or a revocation has told. Rejects when a death could not be kept beyond this window. */
  async tellLife(fingerprint: string, life: ToldLife): Promise<void> {
    if (this.#lives.get(fingerprint) === life) return;
    this.#lives.set(fingerprint, life);
    this.#tellKeys(new Set([fingerprint]));
    const others = this.#parts.deaths.read().filter((one) => one.fingerprint !== fingerprint);
    if (life === 'dead') await this.#parts.deaths.write([...others, { fingerprint }].slice(-mostDeaths));
    else if (others.length < this.#parts.deaths.read().length) await this.#parts.deaths.write(others);
  }

  /** The keys that a person does not want to hear of. */
  get ignored(): readonly IgnoredKey[] {
    return this.#parts.ignored.read();
  }

  /** Sets what a person does not want to hear of. Rejects when that could not be kept. */
  async ignore(keys: readonly IgnoredKey[]): Promise<void> {
    const before = this.ignored;
    const kept = this.#parts.ignored.write(keys);
    this.#tellKeys(new Set([...before, ...keys].map(({ fingerprint }) => fingerprint)));
    await kept;
  }

  #foundIn({ address, finds, standing }: LookedInto, ignored: ReadonlySet<string>): readonly FoundKey[] {
    return finds
      .filter(
        ({ key }) => !ignored.has(`${key.fingerprint} `) && !ignored.has(`${key.fingerprint} ${address}`),
      )
      .map((find) => ({ address, find, standing }));
  }

  #ignoredMarks(): ReadonlySet<string> {
    return new Set(this.ignored.map(({ fingerprint, address }) => `${fingerprint} ${address}`));
  }

  #tellKeys(fingerprints: ReadonlySet<string>): void {
    const texts = [...this.#texts.values()].filter(({ finds }) =>
      finds.some(({ key }) => fingerprints.has(key.fingerprint)),
    );
    this.#changes.emit(new Set(texts.map(({ address }) => address)));
  }

  #tell(changed: ReadonlySet<string>): void {
    if (changed.size > 0) this.#changes.emit(changed);
  }
}
