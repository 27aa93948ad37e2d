import { l10n, workspace, type Uri } from 'vscode';
import { asPlainText } from '../words';

/** A further act that a notification offers. */
export interface Offer {
  readonly title: string;
  readonly act: () => Promise<void>;
}

/** A secret has its place. */
export interface Placed {
  readonly kind: 'placed';
  /** Where the secret is now, in words. */
  readonly place: string;
  /** What the person must know about it, as sentences. */
  readonly note?: string;
  /** Whether the note is about a danger. */
  readonly isRisky?: boolean;
  readonly offer?: Offer;
}

/** What came of a way for a secret; undefined when the person gave up. The message is a sentence. */
export type Placing = Placed | { readonly kind: 'failed'; readonly message: string } | undefined;

/** A file's name in the workspace, for a sentence. */
export const placeName = (uri: Uri): string => asPlainText(workspace.asRelativePath(uri));

export const unsavedNote = (): string => l10n.t('It is not saved yet.');

/** Says that a commit would publish a file's content. */
export const trackedNote = (uri: Uri): string =>
  l10n.t('Git tracks {0}: with the next commit the secret may be published.', placeName(uri));
