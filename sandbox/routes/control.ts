import { Hono } from 'hono';
import { ruleFromJson, type FaultBoard } from '../faults';
import { controlRoot, type RouteBindings } from '../gate';
import { problem } from '../problems';
import type { RequestLog } from '../requestLog';

/** Faults, the record and a fresh start over HTTP, for whoever runs beside the sandbox. Loopback only. */
export function controlRoutes(faults: FaultBoard, log: RequestLog, reset: () => void) {
  const app = new Hono<{ Bindings: RouteBindings }>();

  app.use(`${controlRoot}*`, async (c, next) => {
    // A page from elsewhere must not steer the sandbox, neither by a rebound name nor by a form.
    const origin = c.req.header('origin');
    const asked = [`http://${c.req.header('host') ?? ''}`, ...(origin === undefined ? [] : [origin])];
    if (!asked.every(isLoopback)) return problem(403, 'The control routes answer on loopback only');
    return next();
  });

  app.post(`${controlRoot}faults`, async (c) => {
    try {
      faults.add(ruleFromJson(JSON.parse(await c.req.text())));
      return c.body(null, 204);
    } catch (error) {
      return problem(422, error instanceof Error ? error.message : String(error));
    }
  });
  app.delete(`${controlRoot}faults`, (c) => {
    faults.clear();
    return c.body(null, 204);
  });
  app.get(`${controlRoot}requests`, (c) => c.json(log.all));
  app.delete(`${controlRoot}requests`, (c) => {
    log.clear();
    return c.body(null, 204);
  });
  app.post(`${controlRoot}reset`, (c) => {
    reset();
    return c.body(null, 204);
  });
  return app;
}

function isLoopback(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host === '127.0.0.1' || host === 'localhost' || host === '[::1]';
}
