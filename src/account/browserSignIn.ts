import type { BaseUrl } from '../omi/baseUrl';
import type { FirebaseApi, FirebaseFailure, FirebaseServer } from '../omi/firebase';
import type { Http } from '../omi/http';
import { fail, type Result } from '../omi/result';
import { authorizeUrl, exchangeCode, type ExchangeFailure, type IdentityProvider } from '../omi/signInApi';
import { readClaims } from './idToken';
import { createSecrets, type AttemptSecrets } from './pkce';
import { sessionOfTokens, type Session } from './session';
import {
  landingForPaste,
  waysBack,
  type Arrival,
  type OpenWay,
  type WayBack,
  type WaysBackParts,
} from './waysBack';

export type SignInFailure =
  /** Omi's page or the identity provider said no. */
  | { readonly kind: 'declined'; readonly detail: string }
  /** Nobody came back within the time limit; milliseconds. */
  | { readonly kind: 'tooLate'; readonly limit: number }
  | { readonly kind: 'superseded' }
  | ExchangeFailure
  | FirebaseFailure;

export interface BrowserSignInParts {
  readonly http: Http;
  readonly firebase: FirebaseApi;
  readonly ways: WaysBackParts;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How long the person may take, in milliseconds; Omi keeps an attempt for five minutes. */
  readonly limit?: number;
}

/** The servers of one attempt, settled when it begins. */
export interface SignInServers {
  readonly base: BaseUrl;
  readonly firebase: FirebaseServer;
}

/** One attempt to sign in through the browser. */
export interface SignInAttempt {
  /** How the browser's answer will come; undefined = only by pasting the address. */
  readonly way: WayBack | undefined;
  /** The address to open. It holds the state: never log it. */
  readonly address: string;
  /** Ends with a session, or with why there is none. Every listener is gone by then. */
  readonly result: Promise<Result<Session, SignInFailure>>;
  /** Takes what a person pasted or another way brought; false when it is not of this attempt. */
  readonly accept: (arrival: Arrival) => boolean;
}

/** Omi keeps an attempt for 300 s (docs/omi-api.md, "Signing in"). */
const attemptLimit = 5 * 60_000;

/** Signing in through the browser, one attempt at a time: a new one supersedes the one under way. */
export class BrowserSignIn {
  readonly #parts: BrowserSignInParts;
  #running: AbortController | undefined;

  constructor(parts: BrowserSignInParts) {
    this.#parts = parts;
  }

  /**
   * Begins an attempt.
   *
   * @param ways the ways back that may be used, in the order of the table; all of them unless the person chose.
   * @param signal cancels the attempt.
   */
  async begin(
    provider: IdentityProvider,
    servers: SignInServers,
    signal: AbortSignal,
    ways: readonly WayBack[] = ['loopback', 'uriHandler'],
  ): Promise<SignInAttempt> {
    this.#running?.abort('superseded');
    const running = new AbortController();
    this.#running = running;

    const secrets = createSecrets();
    let arrive: (arrival: Arrival) => void = () => undefined;
    const arrival = new Promise<Arrival>((resolve) => {
      arrive = resolve;
    });
    const accept = (candidate: Arrival): boolean => {
      if (candidate.state !== secrets.state) return false;
      arrive(candidate);
      return true;
    };
    const opened = await this.#openWay(ways, accept);
    const redirectUri = opened?.open.redirectUri ?? landingForPaste;
    const { challenge, state } = secrets;
    return {
      way: opened?.way,
      address: authorizeUrl(servers.base, { provider, redirectUri, state, challenge }),
      accept,
      result: this.#finish({ arrival, secrets, redirectUri, servers, open: opened?.open, running, signal }),
    };
  }

  dispose(): void {
    this.#running?.abort('superseded');
  }

  async #openWay(
    wanted: readonly WayBack[],
    accept: (arrival: Arrival) => boolean,
  ): Promise<{ way: WayBack; open: OpenWay } | undefined> {
    for (const { way, open } of waysBack) {
      const opened = wanted.includes(way) ? await open(this.#parts.ways, accept) : undefined;
      if (opened) return { way, open: opened };
    }
    return undefined;
  }

  async #finish(attempt: {
    readonly arrival: Promise<Arrival>;
    readonly secrets: AttemptSecrets;
    readonly redirectUri: string;
    readonly servers: SignInServers;
    readonly open: OpenWay | undefined;
    readonly running: AbortController;
    readonly signal: AbortSignal;
  }): Promise<Result<Session, SignInFailure>> {
    const limit = this.#parts.limit ?? attemptLimit;
    const timeLimit = AbortSignal.timeout(limit);
    const ended = AbortSignal.any([attempt.signal, attempt.running.signal, timeLimit]);
    try {
      const arrival = await Promise.race([attempt.arrival, aborted(ended)]);
      if (!arrival) {
        if (attempt.signal.aborted) return fail({ kind: 'cancelled' });
        return fail(attempt.running.signal.aborted ? { kind: 'superseded' } : { kind: 'tooLate', limit });
      }
      const { code, error } = arrival;
      if (code === undefined) return fail({ kind: 'declined', detail: error ?? '' });
      // From here on the code is spent; only a cancel or a newer attempt may still end it.
      const giveUp = AbortSignal.any([attempt.signal, attempt.running.signal]);
      return await this.#exchange(code, attempt, giveUp);
    } finally {
      if (this.#running === attempt.running) this.#running = undefined;
      await attempt.open?.close();
    }
  }

  async #exchange(
    code: string,
    {
      redirectUri,
      secrets,
      servers,
    }: { redirectUri: string; secrets: AttemptSecrets; servers: SignInServers },
    signal: AbortSignal,
  ): Promise<Result<Session, SignInFailure>> {
    const { http, firebase, now } = this.#parts;
    const custom = await exchangeCode(
      { http, now },
      servers.base,
      { code, redirectUri, verifier: secrets.verifier },
      signal,
    );
    if (!custom.ok) return custom;
    const tokens = await firebase.signIn(custom.value, servers.firebase, signal);
    if (!tokens.ok) return tokens;
    const claims = readClaims(tokens.value.idToken);
    if (!claims.ok) return fail({ kind: 'protocol', problem: 'the ID token', by: 'Firebase' });
    return { ok: true, value: sessionOfTokens(tokens.value, claims.value, now()) };
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
