/**
 * Waits until a condition holds, asking again and again.
 *
 * @param what named in the error when the time limit (milliseconds) has passed.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  limitMs = 25_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) throw new Error(`Not within ${String(limitMs)} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
