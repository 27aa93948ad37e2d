import type { Memento } from 'vscode';
import type { RenewalFailure, SignInMarker } from '../../account/sessions';
import type { FirebaseApi, FirebaseTokens } from '../../omi/firebase';
import { fail, type Result } from '../../omi/result';
import { clientKeyProblem, readFirebaseServer } from '../settings';

const markerKey = 'omi.signedInAccounts';

/** Remembers in VS Code's state which accounts the vault should still know; ids only. */
export function signInMarker(state: Pick<Memento, 'get' | 'update'>): SignInMarker {
  return {
    read: () => state.get<readonly string[]>(markerKey) ?? [],
    write: (ids) => void state.update(markerKey, ids),
  };
}

/** Renewal through the Firebase that is configured at that time. */
export function renewThrough(firebase: FirebaseApi) {
  return async (refreshToken: string): Promise<Result<FirebaseTokens, RenewalFailure>> => {
    const server = readFirebaseServer();
    if (!server.ok) return server;
    // Nothing cancels a renewal, and each request has its time limit: one more here would be told as a cancel.
    const tokens = await firebase.refresh(refreshToken, server.value, new AbortController().signal);
    if (tokens.ok) return tokens;
    return fail(tokens.failure.kind === 'clientKeyBlocked' ? clientKeyProblem() : tokens.failure);
  };
}
