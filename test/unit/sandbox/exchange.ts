import { connect } from 'node:net';
import type { Sandbox } from '../../../sandbox/server';

export interface Asked {
  method?: string;
  /** An ID token or a raw key. */
  bearer?: string;
  headers?: Record<string, string>;
  /** Objects go as JSON, URLSearchParams as a form, strings as they are. */
  body?: object | string | URLSearchParams;
  signal?: AbortSignal;
}

/** One request to the sandbox; redirects are not followed. */
export function ask(sandbox: Sandbox, path: string, asked: Asked = {}): Promise<Response> {
  const { bearer, body } = asked;
  const json = typeof body === 'object' && !(body instanceof URLSearchParams);
  return fetch(`${sandbox.url}${path}`, {
    method: asked.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(json ? { 'content-type': 'application/json' } : {}),
      ...asked.headers,
    },
    ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : body }),
    ...(asked.signal ? { signal: asked.signal } : {}),
  });
}

/** The body as JSON, of the type that the caller expects. */
export async function json<T = Record<string, unknown>>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T;
}

/** Sends this text over a bare socket and gives all that came back until the server ended the connection. */
export function exchangeRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let came = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => (came += piece));
    socket.on('close', () => resolve(came));
    socket.on('error', reject);
  });
}
