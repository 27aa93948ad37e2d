import { Disposable } from 'vscode';
import type { Parts } from '../parts';
import { registerLeakResponse } from './response';
import { registerLeakSurvey } from './survey';
import { registerLeakWatch } from './watch';

/** Starts what watches for leaked keys and tells of them. Nothing is sent by starting it. */
export function registerLeaks(parts: Parts): Disposable {
  const registered: ((parts: Parts) => Disposable)[] = [
    registerLeakWatch,
    registerLeakResponse,
    registerLeakSurvey,
  ];
  return Disposable.from(...registered.map((register) => register(parts)));
}
