import type { OmiFailure } from './errors';

/** What an operation that can be expected to fail gives back: a value, or the failure as a value. Never thrown. */
export type Result<T, F = OmiFailure> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F };

/** Wraps a value as a success. */
export function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps a failure. */
export function fail<F>(failure: F): { readonly ok: false; readonly failure: F } {
  return { ok: false, failure };
}
