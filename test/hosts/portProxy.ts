// Plays the part of code-server's wrapper, which the VS Code server runs without: passes on what the browser asks of the
// ports of this machine. VS Code itself sends the browser there (`env.openExternal`, `env.asExternalUri`).
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';

/** `template` is the address of a port, with `{{port}}` in it, as VSCODE_PROXY_URI wants it. */
export interface PortProxy {
  readonly template: string;
  stop(): Promise<void>;
}

/** Starts on a free port of 127.0.0.1; `/PORT/path` there is `/path` of that port. */
export async function startPortProxy(): Promise<PortProxy> {
  let own = '';
  const server = createServer((request, response) => {
    // Another host name would be a page elsewhere that got its name to point here.
    if (request.headers.host === own) passOn(request, response);
    else response.writeHead(403).end();
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  own = `127.0.0.1:${String(port)}`;
  return {
    template: `http://${own}/{{port}}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function passOn(request: IncomingMessage, response: ServerResponse): void {
  const [, port, path] = /^\/(\d{1,5})(\/.*)$/s.exec(request.url ?? '') ?? [];
  if (port === undefined || path === undefined) {
    response.writeHead(404).end();
    return;
  }
  const host = `127.0.0.1:${port}`;
  const headers = { ...request.headers, host, connection: 'close' };
  const onward = forward(
    { host: '127.0.0.1', port, path, method: request.method, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  request.pipe(onward);
}
