import { EventEmitter, env, UIKind, Uri, window, l10n } from 'vscode';
import type { WaysBackParts } from '../../account/waysBack';

/**
 * Lends the ways back what only the editor has: the addresses under which this window can be reached.
 *
 * @param extensionId `publisher.name`, under which the system hands addresses over.
 */
export function createWaysBack(extensionId: string): WaysBackParts & { dispose(): void } {
  const received = new EventEmitter<string>();
  const handler = window.registerUriHandler({
    handleUri: ({ path, query }) => {
      if (path === '/callback') received.fire(query);
    },
  });
  return {
    externalAddress: async (local) => (await env.asExternalUri(Uri.parse(local, true))).toString(true),
    // A browser has no program that the system could hand the address to.
    schemeAddress: env.uiKind === UIKind.Desktop ? `${env.uriScheme}://${extensionId}/callback` : undefined,
    onDidReceiveUri: (listener) => received.event(listener),
    // It comes before the code is traded in, so it cannot know how the sign-in ends.
    page: {
      title: l10n.t('Back to VS Code'),
      text: l10n.t('You can close this page. VS Code says whether you are signed in.'),
    },
    dispose: () => {
      handler.dispose();
      received.dispose();
    },
  };
}
