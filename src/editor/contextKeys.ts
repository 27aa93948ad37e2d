import { commands } from 'vscode';
import type { SessionState } from '../account/sessions';
import type { KeyRings } from '../keys/keyAccess';
import type { KeyRingState } from '../keys/keyRing';
import { contextKeys } from './ids';

/** The one owner of the context keys that `when` clauses read. */
export class ContextKeys {
  readonly #told = new Map<string, string | boolean>();

  setSession(kind: SessionState['kind']): void {
    this.#set(contextKeys.session, kind);
  }

  setKeys(kind: KeyRingState['kind']): void {
    this.#set(contextKeys.keys, kind);
  }

  setWorking(isWorking: boolean): void {
    this.#set(contextKeys.working, isWorking);
  }

  setFiltered(isFiltered: boolean): void {
    this.#set(contextKeys.filtered, isFiltered);
  }

  setKeyAtCaret(isAtCaret: boolean): void {
    this.#set(contextKeys.keyAtCaret, isAtCaret);
  }

  #set(name: string, value: string | boolean): void {
    if (this.#told.get(name) === value) return;
    this.#told.set(name, value);
    void commands.executeCommand('setContext', name, value);
  }
}

/** Both families as one state: what is worst among what can be shown; `failed` only when nothing can. */
export function combinedKind(rings: KeyRings): KeyRingState['kind'] {
  const kinds = [rings.dev.state.kind, rings.mcp.state.kind];
  if (kinds.every((kind) => kind === 'failed')) return 'failed';
  if (kinds.includes('loading')) return 'loading';
  return kinds.every((kind) => kind === 'ready') ? 'ready' : 'stale';
}
