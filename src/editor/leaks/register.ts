import { Disposable } from 'vscode';
import type { Parts } from '../parts';

/** Starts what watches for leaked keys and tells of them. Sends nothing. */
export function registerLeaks(parts: Parts): Disposable {
  const registered: ((parts: Parts) => Disposable)[] = [];
  return Disposable.from(...registered.map((register) => register(parts)));
}
