import { createServer as createHttpServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createNetServer, type Server, type Socket } from 'node:net';
import { selfSigned } from './selfSigned';

/** A server of a test on 127.0.0.1, for answers that the sandbox does not give. */
export interface Loopback {
  /** `http://127.0.0.1:PORT`, or `https:` where it speaks TLS. */
  readonly url: string;
  readonly port: number;
  /** How many connections were made. */
  readonly connections: number;
  /** What was asked, in order: `GET /path`. Empty for a bare socket. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Answers every request with this listener. */
export function serveHttp(listener: RequestListener): Promise<Loopback> {
  const requests: string[] = [];
  const server = createHttpServer((request, response) => {
    requests.push(nameOf(request));
    listener(request, response);
  });
  return listen(server, 'http', requests);
}

/** The same with TLS and a certificate that nobody trusts. */
export function serveSelfSigned(listener: RequestListener): Promise<Loopback> {
  const requests: string[] = [];
  const server = createTlsServer(selfSigned(), (request, response) => {
    requests.push(nameOf(request));
    listener(request, response);
  });
  return listen(server, 'https', requests);
}

/** Hands every bare connection to this function once the first bytes of a request have come. */
export function serveRaw(onRequest: (socket: Socket) => void): Promise<Loopback> {
  const server = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onRequest(socket));
  });
  return listen(server, 'http', []);
}

/** A port of 127.0.0.1 on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await serveRaw(() => undefined);
  await server.close();
  return server.port;
}

function nameOf(request: IncomingMessage): string {
  return `${request.method ?? ''} ${request.url ?? ''}`;
}

function listen(server: Server, scheme: string, requests: readonly string[]): Promise<Loopback> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        url: `${scheme}://127.0.0.1:${String(port)}`,
        port,
        get connections() {
          return connections;
        },
        requests,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
