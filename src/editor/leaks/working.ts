import { ProgressLocation, window } from 'vscode';
import { cancellably } from '../commands/revokeKey';
import type { Parts } from '../parts';

/** Shows progress in the view and in the status bar, and listens for a cancel, while some work lasts. */
export async function working<T>(
  { view }: Parts,
  text: string,
  act: (signal: AbortSignal, say: (text: string) => void) => Promise<T>,
): Promise<T> {
  return window.withProgress({ location: ProgressLocation.Window }, (progress) => {
    progress.report({ message: text });
    return cancellably(view, text, (signal) =>
      act(signal, (next) => {
        progress.report({ message: next });
        view.showProgress(next);
      }),
    );
  });
}
