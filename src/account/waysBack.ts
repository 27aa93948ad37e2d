import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isLoopback } from '../omi/baseUrl';

/** How the browser's answer can find its way to this window. */
export type WayBack = 'loopback' | 'uriHandler';

/** What the browser brings back. */
export interface Arrival {
  readonly state: string;
  readonly code: string | undefined;
  /** The word with which an identity provider says no, such as `access_denied`. */
  readonly error: string | undefined;
}

/** An open way: where the browser is to be sent, and how to close it. */
export interface OpenWay {
  readonly redirectUri: string;
  close(): Promise<void>;
}

/** What the editor lends to the ways back. */
export interface WaysBackParts {
  /** The address under which the browser reaches a port of this machine (`env.asExternalUri`). */
  readonly externalAddress: (local: string) => Promise<string>;
  /** `vscode://publisher.name/callback` where the system hands such addresses to this editor; else undefined. */
  readonly schemeAddress: string | undefined;
  /** Listens for addresses that the system hands over. */
  readonly onDidReceiveUri: (listener: (query: string) => void) => { dispose(): void };
  /** The page that says "back to VS Code", in the person's language. */
  readonly page: { readonly title: string; readonly text: string };
}

/** Each way, and what it needs; tried in this order. A way that cannot be had here opens as undefined. */
export const waysBack: readonly {
  readonly way: WayBack;
  readonly open: (
    parts: WaysBackParts,
    arrived: (arrival: Arrival) => boolean,
  ) => Promise<OpenWay | undefined>;
}[] = [
  { way: 'loopback', open: openLoopback },
  { way: 'uriHandler', open: openUriHandler },
];

const callbackPath = '/callback';

/**
 * Listens on a free port of 127.0.0.1 for `GET /callback` with the right state; anything else is turned away and the
 * waiting goes on. Needs an external address that is still plain http on loopback, as Omi refuses https.
 */
async function openLoopback(
  { externalAddress, page }: WaysBackParts,
  arrived: (arrival: Arrival) => boolean,
): Promise<OpenWay | undefined> {
  /** Browsers connect ahead of need; a connection that asks nothing would hold up the end of the server. */
  const silent = new Set<Socket>();
  const server = createServer((request, response) => {
    silent.delete(request.socket);
    const url = targetOf(request.url ?? '');
    const isExpected = request.method === 'GET' && url?.pathname === callbackPath;
    const isOurs =
      isExpected && isLoopback(hostOf(request.headers.host)) && arrived(readArrival(url.searchParams));
    response.writeHead(isOurs ? 200 : isExpected ? 400 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(isOurs ? pageText(page.title, page.text) : '');
  });
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(0, '127.0.0.1', () => resolve(true));
  });
  if (!isListening) return undefined;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of silent) socket.destroy();
    });
  const { port } = server.address() as AddressInfo;
  const local = `http://127.0.0.1:${String(port)}${callbackPath}`;
  const redirectUri = await externalAddress(local).then(withCallbackPath, () => undefined);
  if (redirectUri !== undefined && isPlainLoopback(redirectUri)) return { redirectUri, close };
  await close();
  return undefined;
}

/** Waits for the system to hand over an address of this editor's scheme. Needs a desktop editor. */
function openUriHandler(
  { schemeAddress, onDidReceiveUri }: WaysBackParts,
  arrived: (arrival: Arrival) => boolean,
): Promise<OpenWay | undefined> {
  if (schemeAddress === undefined) return Promise.resolve(undefined);
  const listener = onDidReceiveUri((query) => void arrived(readArrival(new URLSearchParams(query))));
  return Promise.resolve({
    redirectUri: schemeAddress,
    close: () => {
      listener.dispose();
      return Promise.resolve();
    },
  });
}

/** Reads the address of the page where the browser ended up; undefined when it is none that a sign-in ends on. */
export function readPastedAddress(text: string): Arrival | undefined {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return undefined;
  const { searchParams } = new URL(trimmed);
  return searchParams.has('state') && (searchParams.has('code') || searchParams.has('error'))
    ? readArrival(searchParams)
    : undefined;
}

/** Where the browser lands when no way back is open: a page that cannot be shown, but whose address can be pasted. */
export const landingForPaste = `http://127.0.0.1:9${callbackPath}`;

function readArrival(query: URLSearchParams): Arrival {
  return {
    state: query.get('state') ?? '',
    code: query.get('code') ?? undefined,
    error: query.get('error') ?? undefined,
  };
}

/** Some editors in the browser give the address of the port alone and drop the path. */
function withCallbackPath(address: string): string {
  return URL.canParse(address) && !new URL(address).pathname.endsWith(callbackPath)
    ? address.replace(/\/?$/, callbackPath)
    : address;
}

function isPlainLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, search, hash } = new URL(address);
  return protocol === 'http:' && isLoopback(hostname) && search === '' && hash === '';
}

/** Undefined for a target that is no address, such as `//`, which anyone on this machine can send. */
function targetOf(target: string): URL | undefined {
  const base = 'http://127.0.0.1';
  return URL.canParse(target, base) ? new URL(target, base) : undefined;
}

function hostOf(header: string | undefined): string {
  return (header ?? '').replace(/:\d+$/, '');
}

function pageText(title: string, text: string): string {
  const escaped = [title, text].map((words) =>
    words.replace(/[&<>"]/g, (c) => `&#${String(c.charCodeAt(0))};`),
  );
  // The address holds the code: it is taken out of the browser's history and bar at once.
  return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped[0] ?? ''}</title>
<style>body{font:16px system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;text-align:center;color-scheme:light dark}</style>
<h1>${escaped[0] ?? ''}</h1><p>${escaped[1] ?? ''}</p><script>history.replaceState(null,'','/callback');window.close()</script>`;
}
