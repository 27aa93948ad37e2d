import { EventEmitter, type Event } from 'cockatiel';
import { maskRawKey } from '../omi/rawKey';
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

/**
 * What a probe or a revocation has told about a key. `alive`: Omi accepted it, and the list of this account had it, if one
 * had. `elsewhere`: Omi accepted it, and none of these accounts has it. `dying`: it was revoked, and a cached login still
 * lets it in.
 */
export type ToldLife =
  | { readonly kind: 'dead' | 'dying' }
  | { readonly kind: 'alive'; readonly accountId: string | undefined }
  | { readonly kind: 'elsewhere'; readonly searched: readonly string[] };

/**
 * A key that a person does not want to hear of: at one address, or (empty) wherever it stands. An address with a key in
 * it is kept with that masked.
 */
export interface IgnoredKey {
  readonly fingerprint: string;
  readonly address: string;
  /** What Omi lists it under, for showing. */
  readonly prefix: string;
}

/** A life that lasts beyond the window: a key that was seen dead stays dead, on the server that said so. */
export interface KnownDeath {
  readonly fingerprint: string;
  readonly server: string;
}

export interface LeakBookParts {
  readonly ignored: Journal<IgnoredKey>;
  readonly deaths: Journal<KnownDeath>;
  /** The address of the server in use. Another one does not know the keys of this, and so seems to refuse them. */
  readonly server: () => string;
}

const mostDeaths = 1000;

/** The one holder of where keys were found and what is known of them. Holds fingerprints and ranges, never a key. */
export class LeakBook {
  readonly #parts: LeakBookParts;
  readonly #changes = new EventEmitter<ReadonlySet<string>>();
  readonly #texts = new Map<string, LookedInto>();
  readonly #history = new Map<string, readonly HistoryFind[]>();
  /** By server and fingerprint. */
  readonly #lives = new Map<string, ToldLife>();

  constructor(parts: LeakBookParts) {
    this.#parts = parts;
    for (const { server, fingerprint } of parts.deaths.read()) {
      this.#lives.set(`${server} ${fingerprint}`, { kind: 'dead' });
    }
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
      const known = new Map(this.#history.get(fingerprint)?.map((find) => [markOf(find), find]));
      for (const find of list) {
        const before = known.get(markOf(find));
        // What was pushed has got out, even if no branch is seen to hold it now.
        known.set(markOf(find), before?.isPublished && !find.isPublished ? before : find);
      }
      this.#history.set(fingerprint, [...known.values()]);
    }
    this.#tellKeys(new Set(fresh.keys()));
  }

  /**
   * Takes what a search of whole repositories has found in place of what was known of them: history can be rewritten.
   *
   * @param repositories what {@link HistoryFind.repository} calls those that were searched.
   */
  replaceHistory(finds: readonly HistoryFind[], repositories: ReadonlySet<string>): void {
    const before = new Set(this.#history.keys());
    for (const [fingerprint, known] of this.#history) {
      const others = known.filter(({ repository }) => !repositories.has(repository));
      if (others.length > 0) this.#history.set(fingerprint, others);
      else this.#history.delete(fingerprint);
    }
    this.noteHistory(finds);
    this.#tellKeys(before);
  }

  /** Takes what has become of known commits; those that are no more (undefined) are forgotten. */
  followHistory(changed: ReadonlyMap<HistoryFind, HistoryFind | undefined>): void {
    const fingerprints = new Set([...changed.keys()].map(({ key }) => key.fingerprint));
    for (const fingerprint of fingerprints) {
      const finds = this.#history.get(fingerprint) ?? [];
      const now = finds.flatMap((find) => (changed.has(find) ? (changed.get(find) ?? []) : find));
      if (now.length > 0) this.#history.set(fingerprint, now);
      else this.#history.delete(fingerprint);
    }
    if (fingerprints.size > 0) this.#tellKeys(fingerprints);
  }

  /** All commits that brought keys in. */
  get history(): readonly HistoryFind[] {
    return [...this.#history.values()].flat();
  }

  /** Where the histories lie that something is known of. */
  get repositories(): ReadonlySet<string> {
    return new Set(this.history.map(({ repository }) => repository));
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

  /** The server that is asked now. */
  get server(): string {
    return this.#parts.server();
  }

  /** What the server in use, or a revocation there, has told of a key, if anything was told. */
  lifeOf(fingerprint: string): ToldLife | undefined {
    return this.#lives.get(`${this.server} ${fingerprint}`);
  }

  /**
   * Takes what a server, or a revocation there, has told. Rejects when a death could not be kept beyond this window.
   *
   * @param server the one that was asked; left out: the one in use.
   */
  async tellLife(fingerprint: string, life: ToldLife, server = this.server): Promise<void> {
    const before = this.#lives.get(`${server} ${fingerprint}`);
    this.#lives.set(`${server} ${fingerprint}`, life);
    if (life.kind === 'dead' && before?.kind === 'dead') return;
    this.#tellKeys(new Set([fingerprint]));
    const deaths = this.#parts.deaths.read();
    const others = deaths.filter((one) => one.fingerprint !== fingerprint || one.server !== server);
    if (life.kind === 'dead')
      await this.#parts.deaths.write([...others, { fingerprint, server }].slice(-mostDeaths));
    else if (others.length < deaths.length) await this.#parts.deaths.write(others);
  }

  /** The keys that a person does not want to hear of. */
  get ignored(): readonly IgnoredKey[] {
    return this.#parts.ignored.read();
  }

  /** Sets what a person does not want to hear of. Rejects when that could not be kept. */
  async ignore(keys: readonly IgnoredKey[]): Promise<void> {
    const before = this.ignored;
    const masked = keys.map((key) => ({ ...key, address: maskRawKey(key.address) }));
    const kept = this.#parts.ignored.write(masked);
    this.#tellKeys(new Set([...before, ...keys].map(({ fingerprint }) => fingerprint)));
    await kept;
  }

  #foundIn({ address, finds, standing }: LookedInto, ignored: ReadonlySet<string>): readonly FoundKey[] {
    return finds
      .filter(
        ({ key }) =>
          !ignored.has(`${key.fingerprint} `) && !ignored.has(`${key.fingerprint} ${maskRawKey(address)}`),
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

/** What tells the finds of one key apart. */
function markOf({ commit, path }: HistoryFind): string {
  return `${commit}\n${path}`;
}
