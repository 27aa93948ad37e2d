/** Waits; milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The longest time that Node's timers can wait, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

/** Acts after so many milliseconds, unless disposed before. */
export function after(ms: number, act: () => void): { dispose(): void } {
  const timer = setTimeout(act, Math.min(ms, longestTimer));
  return { dispose: () => clearTimeout(timer) };
}
