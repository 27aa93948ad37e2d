import { ProgressLocation, window } from 'vscode';
import type { Parts } from '../parts';

/**
 * Shows how far a scan has come, and lets the person cancel it: in a notification, since a scan is also asked for where
 * the view is not to be seen; the view shows its progress bar beside.
 *
 * @param title what is being done.
 */
export async function scanning<T>(
  { view }: Parts,
  title: string,
  act: (signal: AbortSignal, say: (text: string) => void) => Promise<T>,
): Promise<T> {
  const place = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(place, async (progress, token) => {
    const cancel = new AbortController();
    const listener = token.onCancellationRequested(() => cancel.abort());
    try {
      return await view.withProgress(() => act(cancel.signal, (message) => progress.report({ message })));
    } finally {
      listener.dispose();
    }
  });
}
