import type { Reference, Spot } from './reference';

/** Nothing yet. */
export function pythonReference(spot: Spot): Reference | undefined {
  void spot;
  return undefined;
}
