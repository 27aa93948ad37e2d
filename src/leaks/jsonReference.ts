import type { Reference, Spot } from './reference';

/** Nothing yet. */
export function jsonReference(spot: Spot): Reference | undefined {
  void spot;
  return undefined;
}
