/** Items that are worked on at the same time: so many files are open, and in memory, at most. */
const atOnce = 16;

/** Works on items, and on those that come up meanwhile, some at once, the newest first; stops early after a cancel. */
export function drain<T>(
  first: readonly T[],
  signal: AbortSignal,
  work: (item: T, further: (items: readonly T[]) => void) => Promise<void>,
): Promise<void> {
  const waiting = [...first];
  const further = (items: readonly T[]): void => {
    for (const item of items) waiting.push(item);
  };
  let running = 0;
  return new Promise((resolve, reject) => {
    const next = (): void => {
      while (running < atOnce && !signal.aborted) {
        const item = waiting.pop();
        if (item === undefined) break;
        running += 1;
        work(item, further).then(() => {
          running -= 1;
          next();
        }, reject);
      }
      if (running === 0) resolve();
    };
    next();
  });
}
