import type { Reference, Spot } from './reference';

/** Nothing yet. */
export function shellReference(spot: Spot): Reference | undefined {
  void spot;
  return undefined;
}
