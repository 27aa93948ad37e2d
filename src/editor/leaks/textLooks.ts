import { workspace, type TextDocument, type Uri } from 'vscode';
import type { FileStanding } from '../../leaks/git';
import type { LeakBook, LookedInto } from '../../leaks/leakBook';
import type { Find } from '../../leaks/seenKey';
import type { Log } from '../log';
import { after, pause } from '../timers';
import type { FileFacts } from './fileFacts';
import type { HistoryOfFinds } from './historyOfFinds';
import { LargeTexts } from './largeTexts';
import { findsInFile } from './watchedFile';
import { fileOfDocument, findsToTell, isLarge, isSame, isWritable, usedText } from './watchedText';

export interface TextLooksParts {
  readonly book: LeakBook;
  readonly facts: FileFacts;
  readonly history: HistoryOfFinds;
  readonly log: Log;
}

/** A look under way. */
interface Look {
  /** False once a newer one has begun, or this one was given up: what it finds then is dropped. */
  readonly isNewest: () => boolean;
  /** How Git sees the file, where it was asked already. */
  readonly standing: FileStanding | undefined;
}

/**
 * Looks into documents and files for keys, and notes in the book what they hold. What is known of a text is kept up to
 * date always, whoever has found it; others are looked into as the settings have it.
 */
export class TextLooks {
  readonly #parts: TextLooksParts;
  readonly #large = new LargeTexts();
  /** Texts that are to be looked into once they rest. */
  readonly #resting = new Map<string, { dispose(): void }>();
  /** The looks under way. */
  readonly #looks = new Map<string, symbol>();
  /** Texts in which keys were found before: written anew, they may be seen empty for a moment, and be taken back later. */
  readonly #emptied = new Set<string>();
  /** The addresses of the finds that come from here, and not from a scan. */
  readonly #mine = new Set<string>();
  #isOn = false;
  #isLeftOut: (uri: Uri) => boolean = () => false;

  constructor(parts: TextLooksParts) {
    this.#parts = parts;
  }

  /** Looks into all that is open, and from now on into what is opened. */
  start(): void {
    this.#isOn = true;
    void this.#lookAtAll();
  }

  /** Gives up what is planned and under way, and looks from now on only into what is known. */
  stop(): void {
    this.#isOn = false;
    this.#looks.clear();
    this.#large.clear();
    this.#resting.forEach((rest) => rest.dispose());
    this.#resting.clear();
  }

  dispose(): void {
    this.stop();
    this.#large.dispose();
  }

  /** Leaves out some files, beside what is known. */
  leaveOut(isLeftOut: (uri: Uri) => boolean): void {
    this.#isLeftOut = isLeftOut;
  }

  /** Whether a look into a text is planned or under way. */
  isDue(address: string): boolean {
    return this.#resting.has(address) || this.#looks.has(address);
  }

  /** Whether keys were found in a text, now or before. */
  isKnown(address: string): boolean {
    return this.#parts.book.textAt(address) !== undefined || this.#emptied.has(address);
  }

  /** Looks into a document after so many milliseconds in which nobody asks for it again. */
  plan(document: TextDocument, ms: number): void {
    const address = document.uri.toString();
    if (!this.#isMeant(document)) return;
    this.#resting.get(address)?.dispose();
    const rest = after(ms, () => {
      this.#resting.delete(address);
      // After an edit its editor may be closed, and its file deleted, while VS Code still holds the text.
      void (ms > 0 ? this.lookAnew(document.uri) : this.#look(document));
    });
    this.#resting.set(address, rest);
  }

  /**
   * Looks into the text that a person has before them, else into the file.
   *
   * @param standing how Git sees the file; left out: it is asked.
   */
  async lookAnew(uri: Uri, standing?: FileStanding): Promise<void> {
    const document = usedText(uri.toString());
    await (document ? this.#look(document, standing) : this.lookAtFile(uri, { standing }));
  }

  /** Looks anew into a text that was just forgotten. */
  async lookAgain(uri: Uri): Promise<void> {
    this.#emptied.add(uri.toString());
    await this.lookAnew(uri);
  }

  /** Looks into a file that no editor shows as text: what it holds is what counts. */
  async lookAtFile(
    uri: Uri,
    {
      standing,
      isKnown = this.isKnown(uri.toString()),
    }: { standing?: FileStanding | undefined; isKnown?: boolean } = {},
  ): Promise<void> {
    if (!isKnown && (!this.#isOn || this.#isLeftOut(uri))) return;
    await this.#asLook(uri, async (isNewest) => {
      const { book, log } = this.#parts;
      const address = uri.toString();
      // What cannot be read now may hold what was found there before.
      const finds = (await findsInFile({ uri, isKnown, log })) ?? book.textAt(address)?.finds ?? [];
      if (isNewest() && usedText(address) === undefined)
        await this.#note(uri, finds, uri, { isNewest, standing });
    });
  }

  /** Gives up the looks into a text that was closed. */
  drop(document: TextDocument): void {
    this.#drop(document.uri.toString());
    this.#large.set(document, false);
  }

  /** Forgets texts and gives up the looks into them; gives those in which a key stood, or that were to be looked into. */
  forget(isMeant: (address: string) => boolean): readonly string[] {
    const { book } = this.#parts;
    const due = [...this.#resting.keys(), ...this.#looks.keys()].filter(isMeant);
    const forgotten = new Set([...due, ...book.addresses.filter(isMeant)]);
    due.forEach((address) => this.#drop(address));
    for (const addresses of [this.#mine, this.#emptied])
      [...addresses].filter(isMeant).forEach((address) => addresses.delete(address));
    book.forget(isMeant);
    return [...forgotten];
  }

  /** Forgets what was found here alone: what a scan has found stays. */
  forgetMine(): void {
    const mine = new Set(this.#mine);
    this.forget((address) => mine.has(address));
  }

  #drop(address: string): void {
    this.#resting.get(address)?.dispose();
    this.#resting.delete(address);
    this.#looks.delete(address);
  }

  /** One text after the other, so that nobody waits for it. */
  async #lookAtAll(): Promise<void> {
    for (const document of workspace.textDocuments) {
      await pause(0);
      if (!this.#isOn) return;
      await this.lookAnew(document.uri);
    }
  }

  #isMeant(document: TextDocument): boolean {
    const { uri } = document;
    return this.isKnown(uri.toString()) || (this.#isOn && isWritable(document) && !this.#isLeftOut(uri));
  }

  async #look(document: TextDocument, standing?: FileStanding): Promise<void> {
    if (document.isClosed || !this.#isMeant(document)) return;
    const { uri } = document;
    const isTooLarge = isLarge(document);
    this.#large.set(document, this.#isOn && isTooLarge);
    const known = this.#parts.book.textAt(uri.toString())?.finds ?? [];
    // Where a scan has found keys, a large text is followed, though not while it is edited.
    const isRead = !isTooLarge || (known.length > 0 && !document.isDirty);
    const finds = isRead ? findsToTell(document.getText()) : known;
    await this.#asLook(uri, (isNewest) =>
      this.#note(uri, finds, fileOfDocument(document), { isNewest, standing }),
    );
  }

  async #asLook(uri: Uri, act: (isNewest: Look['isNewest']) => Promise<void>): Promise<void> {
    const address = uri.toString();
    const look = Symbol(address);
    const isNewest = (): boolean => this.#looks.get(address) === look;
    this.#looks.set(address, look);
    try {
      await act(isNewest);
    } finally {
      if (isNewest()) this.#looks.delete(address);
    }
  }

  /** Notes what a text holds, once Git has said how it sees its file. */
  async #note(uri: Uri, finds: readonly Find[], file: Uri | undefined, look: Look): Promise<void> {
    const { book, facts, history } = this.#parts;
    const address = uri.toString();
    if (finds.length === 0 && !book.textAt(address)) return;
    const isAsked = finds.length > 0 && file !== undefined;
    const standing = isAsked ? (look.standing ?? (await facts.standingOf(file))) : 'outside';
    if (!look.isNewest()) return;
    const text: LookedInto = { address, finds, standing };
    const known = book.textAt(address);
    if (finds.length === 0) {
      this.#mine.delete(address);
      this.#emptied.add(address);
    } else {
      this.#emptied.delete(address);
      if (!known && this.#isOn) this.#mine.add(address);
    }
    // The history of a new look is read by itself; the branches may have changed all the same.
    if (isSame(known, text)) history.read([address]);
    else book.look([text]);
  }
}
