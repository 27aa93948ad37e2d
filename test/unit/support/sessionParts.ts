import type { SessionsParts, SignInMarker } from '../../../src/account/sessions';

/** What VS Code's state remembers of who was signed in; shared by the windows and starts of a test. */
export class MemoryMarker implements SignInMarker {
  ids: readonly string[] = [];

  read(): readonly string[] {
    return this.ids;
  }

  write(ids: readonly string[]): void {
    this.ids = ids;
  }
}

/** Timers that go off when a test says so. */
export class ManualTimers {
  readonly #waiting = new Set<{ readonly ms: number; readonly act: () => void }>();

  readonly after: SessionsParts['after'] = (ms, act) => {
    const timer = { ms, act };
    this.#waiting.add(timer);
    return { dispose: () => this.#waiting.delete(timer) };
  };

  /** How long each timer waits, in milliseconds. */
  get waiting(): readonly number[] {
    return [...this.#waiting].map(({ ms }) => ms);
  }

  goOff(): void {
    for (const timer of [...this.#waiting]) {
      this.#waiting.delete(timer);
      timer.act();
    }
  }
}

/** The parts of a window on a vault: nothing can be renewed, no pause lasts and no timer goes off, unless given. */
export function sessionsParts(
  given: Pick<SessionsParts, 'vault'> & Partial<Omit<SessionsParts, 'vault'>>,
): SessionsParts {
  return {
    marker: new MemoryMarker(),
    renew: () => Promise.reject(new Error('nothing here can be renewed')),
    now: Date.now,
    pause: () => Promise.resolve(),
    after: new ManualTimers().after,
    ...given,
  };
}
