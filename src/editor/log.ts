import { window } from 'vscode';
import type { OmiFailure } from '../omi/errors';
import type { Http } from '../omi/http';
import { redact } from '../omi/redact';

/** The extension's log. Every line goes through the redactor; nobody writes to the channel directly. */
export interface Log {
  dispose(): void;
  debug(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
  show(): void;
}

/** Opens the log channel "Omi API Keys". */
export function createLog(): Log {
  const channel = window.createOutputChannel('Omi API Keys', { log: true });
  return {
    debug: (line) => channel.debug(redact(line)),
    info: (line) => channel.info(redact(line)),
    warn: (line) => channel.warn(redact(line)),
    error: (line) => channel.error(redact(line)),
    show: () => channel.show(),
    dispose: () => channel.dispose(),
  };
}

/** A failure as one log line: its kind and facts, no server text beyond its readable detail. */
export function failureLine(failure: OmiFailure): string {
  const { kind, ...facts } = failure;
  return `${kind} ${JSON.stringify(facts)}`;
}

/** Logs each request as method, path, status and time; never a header, a query or a body. */
export function withRequestLog(http: Http, log: Log, now: () => number): Http {
  return async (request, signal) => {
    const start = now();
    const reply = await http(request, signal);
    const answer = reply.ok ? String(reply.value.status) : failureLine(reply.failure);
    log.info(`${request.method} ${request.url.pathname} → ${answer} (${String(now() - start)} ms)`);
    return reply;
  };
}
