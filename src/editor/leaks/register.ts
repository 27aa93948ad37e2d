import { Disposable } from 'vscode';
import type { Parts } from '../parts';
import { registerLeakSurvey } from './survey';

/** Starts what watches for leaked keys and tells of them. Sends nothing. */
export function registerLeaks(parts: Parts): Disposable {
  const registered: ((parts: Parts) => Disposable)[] = [registerLeakSurvey];
  return Disposable.from(...registered.map((register) => register(parts)));
}
