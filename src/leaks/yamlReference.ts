import type { Reference, Spot } from './reference';

/** Nothing yet. */
export function yamlReference(spot: Spot): Reference | undefined {
  void spot;
  return undefined;
}
