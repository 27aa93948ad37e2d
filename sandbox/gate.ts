import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { AccountName } from './accounts';
import type { FaultBoard, WireFault } from './faults';
import { problem } from './problems';
import type { LogEntry, RequestLog } from './requestLog';
import type { Quirks } from './state';

/** What every route handler gets beside the request. */
export interface RouteBindings {
  /** The path as sent: routes are chosen by it, so that encoded slashes and dots stay inside their segment. */
  rawPath: string;
  quirks: Quirks;
}

export interface GateParts {
  answer: (request: Request, bindings: RouteBindings) => Response | Promise<Response>;
  faults: FaultBoard;
  log: RequestLog;
  /** Whom the request speaks for. */
  accountOf: (bearer: string | null, body: string) => AccountName | null;
  /** Aborted when everything under way is to end without an answer. */
  ending: () => AbortSignal;
  latencyMs: number;
  now: () => number;
}

export const controlRoot = '/__sandbox/';

/**
 * The door of the sandbox: records every request, lets the faults strike, and passes the rest on to the routes.
 * Control requests pass untouched.
 */
export function gate(parts: GateParts) {
  return async (request: Request, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> => {
    const [rawPath = '/', ...rest] = (incoming.url ?? '/').split('?');
    const body = await request.text().catch(() => '');
    const passOn = (quirks: Quirks) =>
      Promise.resolve(parts.answer(copyOf(request, body), { rawPath, quirks }));
    if (rawPath.startsWith(controlRoot)) return passOn({});

    const ending = parts.ending();
    const bearer = bearerOf(incoming.headers.authorization);
    const account = parts.accountOf(bearer, body);
    const method = incoming.method ?? 'GET';
    const { wire, quirks } = parts.faults.strike({ method, rawPath, account });
    const entry: LogEntry = {
      method,
      rawPath,
      query: rest.join('?'),
      bearer,
      account,
      headers: flatHeaders(incoming),
      body,
      at: parts.now(),
      status: null,
    };
    parts.log.add(entry);

    const drop = () => {
      entry.status = 'dropped';
      incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    };
    const act = () => passOn(quirks);
    try {
      if (parts.latencyMs > 0) await sleep(parts.latencyMs, undefined, { signal: ending });
      const response = await respond(wire, { act, drop, method, incoming, outgoing, ending });
      if (response === RESPONSE_ALREADY_SENT) {
        entry.status ??= outgoing.headersSent && outgoing.writableEnded ? outgoing.statusCode : 'dropped';
      } else {
        entry.status = incoming.socket.destroyed ? 'dropped' : response.status;
      }
      return response;
    } catch (error) {
      if (ending.aborted) return drop();
      entry.status = 500;
      return new Response(`Internal Server Error: ${String(error)}`, { status: 500 });
    }
  };
}

interface Exchange {
  act: () => Promise<Response>;
  drop: () => Response;
  method: string;
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  ending: AbortSignal;
}

async function respond(wire: WireFault | null, exchange: Exchange): Promise<Response> {
  const { act, drop, ending } = exchange;
  if (wire === null) return act();
  if ('delayMs' in wire) {
    await sleep(wire.delayMs, undefined, { signal: ending });
    return act();
  }
  if ('hold' in wire) {
    await orEnding(wire.hold, ending);
    return act();
  }
  if ('hang' in wire) {
    await orEnding(new Promise((gone) => exchange.incoming.socket.once('close', gone)), ending);
    return drop();
  }
  if ('drop' in wire) {
    if (wire.drop === 'after') await act();
    return drop();
  }
  if ('halfBody' in wire) return sendHalf(await act(), exchange);
  if ('html' in wire) return gatewayPage(wire.status ?? 502);
  if ('hugeBytes' in wire) return hugeAnswer(wire.hugeBytes);
  if ('redirectTo' in wire) {
    return new Response(null, { status: wire.status ?? 307, headers: { location: wire.redirectTo } });
  }
  if (wire.act === true) await act();
  return plannedAnswer(wire, exchange);
}

/** Waits for the promise (kept or broken); throws when everything ends first. */
async function orEnding(wait: Promise<unknown>, ending: AbortSignal): Promise<void> {
  ending.throwIfAborted();
  let stop = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('the sandbox ended this request'));
    ending.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([wait.catch(() => undefined), ended]);
  } finally {
    ending.removeEventListener('abort', stop);
  }
}

async function sendHalf(response: Response, { incoming, outgoing, drop }: Exchange): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  if (body.length === 0) return drop();
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    'content-length': String(body.length),
  });
  await new Promise<void>((sent) => {
    incoming.socket.once('close', () => sent());
    outgoing.write(body.subarray(0, Math.ceil(body.length / 2)), () => sent());
  });
  return drop();
}

function plannedAnswer(
  wire: Extract<WireFault, { status: number; body?: string | object }>,
  exchange: Exchange,
): Response {
  const { status, body } = wire;
  const headers = new Headers(wire.headers);
  if (body === undefined && status !== 204 && status !== 304) {
    return problem(status, usualDetail(status, exchange.method), wire.headers);
  }
  const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
  if (!headers.has('content-type')) {
    headers.set('content-type', typeof body === 'object' ? 'application/json' : 'text/plain; charset=utf-8');
  }
  // Node refuses to send a body with these; a careless server does it all the same.
  if (text !== '' && (status === 204 || status === 304)) return sendRaw(status, headers, text, exchange);
  return new Response(text === '' ? null : text, { status, headers });
}

function sendRaw(status: number, headers: Headers, text: string, { incoming, outgoing }: Exchange): Response {
  const bytes = Buffer.from(text);
  headers.set('content-length', String(bytes.length));
  headers.set('connection', 'close');
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  incoming.socket.write(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`);
  incoming.socket.end(bytes);
  outgoing.statusCode = status;
  return new Response(null, { status, headers: { 'x-hono-already-sent': 'true' } });
}

function usualDetail(status: number, method: string): string {
  if (status === 401) return 'Invalid authentication credentials';
  if (status === 429) return 'Rate limit exceeded';
  if (status === 503 && method === 'DELETE') return 'API key revocation temporarily unavailable';
  return STATUS_CODES[status] ?? 'Error';
}

function gatewayPage(status: number): Response {
  const title = `${String(status)} ${STATUS_CODES[status] ?? 'Error'}`;
  const page = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr><center>gateway</center></body></html>\n`;
  return new Response(page, { status, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

/** `["aaa…"]`: valid JSON of exactly this many bytes (at least 4), sent in pieces as the reader takes them. */
function hugeAnswer(bytes: number): Response {
  const piece = new TextEncoder().encode('a'.repeat(64 * 1024));
  let left = Math.max(0, bytes - 4);
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('["')),
    pull: (controller) => {
      const next = piece.subarray(0, Math.min(left, piece.length));
      left -= next.length;
      if (next.length > 0) controller.enqueue(next);
      if (left > 0) return;
      controller.enqueue(new TextEncoder().encode('"]'));
      controller.close();
    },
  });
  return new Response(stream, { status: 200, headers: { 'content-type': 'application/json' } });
}

/** The routes get a request of their own, since the body of the first is read already. */
function copyOf(request: Request, body: string): Request {
  const bare = request.method === 'GET' || request.method === 'HEAD';
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    ...(bare ? {} : { body }),
  });
}

function bearerOf(header: string | undefined): string | null {
  return /^bearer (.+)$/i.exec(header ?? '')?.[1] ?? null;
}

function flatHeaders(incoming: IncomingMessage): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
