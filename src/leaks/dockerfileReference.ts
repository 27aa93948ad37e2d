import type { Reference, Spot } from './reference';

/** Nothing yet. */
export function dockerfileReference(spot: Spot): Reference | undefined {
  void spot;
  return undefined;
}
