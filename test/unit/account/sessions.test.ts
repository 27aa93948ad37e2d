import { isDeepStrictEqual } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeSession, sessionOfToken, type Session } from '../../../src/account/session';
import { Sessions, type SessionState } from '../../../src/account/sessions';
import type { VaultTrouble } from '../../../src/account/sessionStore';
import { readClaims } from '../../../src/account/idToken';
import { MemoryVault, settled } from '../support/memoryVault';
import { failureOf, valueOf } from '../support/omiClient';
import { ManualTimers, MemoryMarker, sessionsParts } from '../support/sessionParts';
import { firebaseClaims, jwt } from '../support/secrets';

const now = Date.UTC(2026, 10, 23, 12);
const hour = 3_600_000;
const opened: Sessions[] = [];

afterEach(() => {
  for (const sessions of opened.splice(0)) sessions.dispose();
});

/** One window on a vault, with a clock to turn and a record of all it told. */
function openWindow(vault: MemoryVault, marker = new MemoryMarker()) {
  const clock = { now };
  const timers = new ManualTimers();
  const parts = sessionsParts({ vault: vault.window(), marker, now: () => clock.now, after: timers.after });
  const sessions = new Sessions(parts);
  opened.push(sessions);
  const states: SessionState[] = [];
  const troubles: VaultTrouble[] = [];
  sessions.onDidChange((state) => void states.push(state));
  sessions.onDidMeetTrouble((trouble) => void troubles.push(trouble));
  return { sessions, clock, timers, marker, states, troubles };
}

function sessionOf(person: string, changes: Record<string, unknown> = {}): Session {
  const token = jwt(
    firebaseClaims({
      user_id: `uid-of-${person}`,
      sub: `uid-of-${person}`,
      email: `${person}@example.com`,
      exp: (now + hour) / 1000,
      ...changes,
    }),
  );
  return sessionOfToken(token, valueOf(readClaims(token)), now);
}

const ada = sessionOf('ada');
const grace = sessionOf('grace');
const signedInAs = (session: Session): SessionState => ({
  kind: 'signedIn',
  account: session.account,
  until: session.expiresAt,
});
const nobodyLeft = [['omi.accounts', JSON.stringify({ version: 1, ids: [] })]];
const textsOf = (vault: MemoryVault) => JSON.stringify([...vault.entries]);

describe('whose session', () => {
  test('the account is named by email, else by name, else by id', () => {
    expect(ada.account).toEqual({ id: 'uid-of-ada', label: 'ada@example.com' });
    expect(sessionOf('ada', { email: undefined }).account.label).toBe('Ada Lovelace');
    expect(sessionOf('ada', { email: undefined, name: undefined }).account.label).toBe('uid-of-ada');
  });
});

describe('signing in and out in one window', () => {
  test('signed out on an empty vault, without trouble', async () => {
    const { sessions, states, troubles } = openWindow(new MemoryVault());
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(sessions.account).toBeUndefined();
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
    expect(troubles).toEqual([]);
    expect(states.every(({ kind }) => kind === 'signedOut')).toBe(true);
  });

  test('sign in', async () => {
    const { sessions, states } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    expect(sessions.state).toEqual(signedInAs(ada));
    expect(states).toEqual([signedInAs(ada)]);
    expect(sessions.account).toEqual(ada.account);
    const bearer = valueOf(await sessions.bearer());
    expect(bearer).toEqual({ token: ada.idToken, account: ada.account });
    expect(sessions.isInUse(bearer.account)).toBe(true);
  });

  test('sign out forgets, here and in the vault', async () => {
    const vault = new MemoryVault();
    const { sessions, states } = openWindow(vault);
    valueOf(await sessions.signIn(ada));
    const bearer = valueOf(await sessions.bearer());
    valueOf(await sessions.signOut());
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(sessions.account).toBeUndefined();
    expect(sessions.isInUse(bearer.account)).toBe(false);
    expect(states.at(-1)).toEqual({ kind: 'signedOut' });
    expect([...vault.entries]).toEqual(nobodyLeft);
  });

  test('sign out when signed out is no failure', async () => {
    const { sessions } = openWindow(new MemoryVault());
    valueOf(await sessions.signOut());
    expect(sessions.state).toEqual({ kind: 'signedOut' });
  });

  test('the changes that the vault tells of change nothing and are not told twice', async () => {
    const vault = new MemoryVault();
    const window = openWindow(vault);
    valueOf(await window.sessions.signIn(ada));
    await settled(vault);
    expect(window.states).toEqual([signedInAs(ada)]);
    valueOf(await window.sessions.signOut());
    await settled(vault);
    expect(window.states).toEqual([signedInAs(ada), { kind: 'signedOut' }]);
  });

  test('signing in is a state for as long as the attempt lasts, also when it fails', async () => {
    const { sessions, states } = openWindow(new MemoryVault());
    const answer = await sessions.whileSigningIn(() => Promise.resolve(sessions.state.kind));
    expect(answer).toBe('signingIn');
    expect(sessions.state.kind).toBe('signedOut');
    await expect(sessions.whileSigningIn(() => Promise.reject(new Error('closed')))).rejects.toThrow(
      'closed',
    );
    expect(sessions.state.kind).toBe('signedOut');
    expect(states.map(({ kind }) => kind)).toEqual(['signingIn', 'signedOut', 'signingIn', 'signedOut']);
  });

  test('signing in ends in signed in', async () => {
    const { sessions } = openWindow(new MemoryVault());
    await sessions.whileSigningIn(async () => {
      expect(sessions.state).toEqual({ kind: 'signingIn' });
      valueOf(await sessions.signIn(ada));
    });
    expect(sessions.state).toEqual(signedInAs(ada));
  });

  test('who is signed in stays so while another account is signing in', async () => {
    const { sessions, states } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    await sessions.whileSigningIn(() => {
      expect(sessions.state).toEqual(signedInAs(ada));
      return Promise.resolve();
    });
    expect(states).toEqual([signedInAs(ada)]);
  });

  test('of two attempts at once, the end of the first does not end the second', async () => {
    const { sessions } = openWindow(new MemoryVault());
    let endFirst = (): void => undefined;
    let endSecond = (): void => undefined;
    const first = sessions.whileSigningIn(() => new Promise<void>((end) => (endFirst = end)));
    const second = sessions.whileSigningIn(() => new Promise<void>((end) => (endSecond = end)));
    endFirst();
    await first;
    expect(sessions.state.kind).toBe('signingIn');
    endSecond();
    await second;
    expect(sessions.state.kind).toBe('signedOut');
  });

  test('a sign-in and a sign-out at once end in one of both, in vault and window alike', async () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    await Promise.all([
      sessions.signIn(ada),
      sessions.signOut(ada.account.id),
      sessions.signIn(grace),
      sessions.signOut(grace.account.id),
    ]);
    expect(sessions.state.kind).toBe('signedOut');
    expect([...vault.entries]).toEqual(nobodyLeft);
    const { sessions: restarted } = openWindow(vault);
    await restarted.load();
    expect(restarted.state.kind).toBe('signedOut');
  });

  test('dispose stops listening', () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    expect(vault.listeners).toBe(1);
    sessions.dispose();
    expect(vault.listeners).toBe(0);
  });
});

describe('restart', () => {
  test('the session is there again', async () => {
    const vault = new MemoryVault();
    valueOf(await openWindow(vault).sessions.signIn(ada));
    const { sessions, states, troubles } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual(signedInAs(ada));
    expect(states).toEqual([signedInAs(ada)]);
    expect(valueOf(await sessions.bearer()).token).toBe(ada.idToken);
    expect(troubles).toEqual([]);
  });

  test('the newest account signed in is the one in use', async () => {
    const vault = new MemoryVault();
    const { sessions: before } = openWindow(vault);
    valueOf(await before.signIn(ada));
    valueOf(await before.signIn(grace));
    const { sessions } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual(signedInAs(grace));
  });

  test('a session that expired meanwhile says so and keeps its account', async () => {
    const vault = new MemoryVault();
    valueOf(await openWindow(vault).sessions.signIn(ada));
    const { sessions, clock } = openWindow(vault);
    clock.now += 2 * hour;
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'expired', account: ada.account, reason: 'lapsed' });
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
  });

  test('a sign-out is not undone by it', async () => {
    const vault = new MemoryVault();
    const { sessions: before } = openWindow(vault);
    valueOf(await before.signIn(ada));
    valueOf(await before.signOut());
    const { sessions } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
  });
});

describe('expiry is settled when it is read', () => {
  test('to the millisecond, without anything being told or run', async () => {
    const { sessions, clock } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    clock.now = ada.expiresAt - 1;
    expect(sessions.state).toEqual(signedInAs(ada));
    valueOf(await sessions.bearer());
    clock.now = ada.expiresAt;
    expect(sessions.state).toEqual({ kind: 'expired', account: ada.account, reason: 'lapsed' });
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
    expect(sessions.account).toEqual(ada.account);
  });

  test('and is told by itself when its time comes, before a request fails', async () => {
    const { sessions, clock, timers, states } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    expect(timers.waiting).toEqual([hour]);
    clock.now += hour - 1000;
    // A timer of the system may go off early.
    timers.goOff();
    expect(timers.waiting).toEqual([1000]);
    clock.now += 1000;
    timers.goOff();
    expect(states.at(-1)).toEqual({ kind: 'expired', account: ada.account, reason: 'lapsed' });
    expect(timers.waiting).toEqual([]);
  });

  test.each(['bearer', 'bearerAfterRefusal'] as const)(
    'and is told when %s finds it, where the timer is late because the machine slept',
    async (ask) => {
      const { sessions, clock, states } = openWindow(new MemoryVault());
      valueOf(await sessions.signIn(ada));
      const bearer = valueOf(await sessions.bearer());
      clock.now += 2 * hour;
      const asked = ask === 'bearer' ? sessions.bearer() : sessions.bearerAfterRefusal(bearer);
      expect(failureOf(await asked)).toEqual({ kind: 'unauthenticated' });
      expect(states.at(-1)).toEqual({ kind: 'expired', account: ada.account, reason: 'lapsed' });
    },
  );

  test('no timer runs after sign-out, nor in a window that is closed', async () => {
    const { sessions, timers } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    valueOf(await sessions.signOut());
    expect(timers.waiting).toEqual([]);
    valueOf(await sessions.signIn(ada));
    sessions.dispose();
    expect(timers.waiting).toEqual([]);
  });

  test('a clock that is ahead: what Omi has just accepted is used for the time a clock may be off', async () => {
    const { sessions, clock } = openWindow(new MemoryVault());
    const token = jwt(firebaseClaims({ exp: now / 1000 - 60 }));
    const session = sessionOfToken(token, valueOf(readClaims(token)), now);
    valueOf(await sessions.signIn(session));
    expect(sessions.state).toMatchObject({ kind: 'signedIn', until: now + 300_000 });
    clock.now += 299_999;
    valueOf(await sessions.bearer());
    clock.now += 1;
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
  });

  test('a new sign-in ends it', async () => {
    const { sessions, clock } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    clock.now += 2 * hour;
    const renewed = sessionOf('ada', { exp: (clock.now + hour) / 1000 });
    valueOf(await sessions.signIn(renewed));
    expect(sessions.state).toEqual(signedInAs(renewed));
  });

  test('a token that expired is not given out while a new sign-in is under way', async () => {
    const { sessions, clock } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    clock.now += 2 * hour;
    const bearer = await sessions.whileSigningIn(() => sessions.bearer());
    expect(failureOf(bearer)).toEqual({ kind: 'unauthenticated' });
  });
});

describe('a session that Omi refused', () => {
  test('is expired, keeps its account, and is not sent again', async () => {
    const { sessions, states } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    sessions.refuse(valueOf(await sessions.bearer()));
    const expired = { kind: 'expired', account: ada.account, reason: 'refused' };
    expect(sessions.state).toEqual(expired);
    expect(states.at(-1)).toEqual(expired);
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
  });

  test('is not sent again while a new sign-in is under way', async () => {
    const { sessions } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    sessions.refuse(valueOf(await sessions.bearer()));
    const bearer = await sessions.whileSigningIn(() => sessions.bearer());
    expect(failureOf(bearer)).toEqual({ kind: 'unauthenticated' });
  });

  test('stays so when the vault is read again', async () => {
    const vault = new MemoryVault();
    const window = openWindow(vault);
    valueOf(await window.sessions.signIn(ada));
    window.sessions.refuse(valueOf(await window.sessions.bearer()));
    await settled(vault);
    expect(window.sessions.state).toMatchObject({ kind: 'expired', reason: 'refused' });
  });

  test('a refusal of a bearer that is no longer in use changes nothing', async () => {
    const { sessions } = openWindow(new MemoryVault());
    valueOf(await sessions.signIn(ada));
    const old = valueOf(await sessions.bearer());
    valueOf(await sessions.signIn(grace));
    sessions.refuse(old);
    expect(sessions.state).toEqual(signedInAs(grace));
  });
});

describe('what the vault holds', () => {
  test('the session entry holds what is needed and no more', async () => {
    const vault = new MemoryVault();
    valueOf(await openWindow(vault).sessions.signIn(ada));
    expect(JSON.parse(vault.entries.get('omi.session.uid-of-ada') ?? '')).toEqual({
      version: 1,
      account: { id: 'uid-of-ada', label: 'ada@example.com' },
      idToken: ada.idToken,
      expiresAt: ada.expiresAt,
    });
  });

  test('no other entry holds a token', async () => {
    const vault = new MemoryVault();
    valueOf(await openWindow(vault).sessions.signIn(ada));
    const others = [...vault.entries].filter(([name]) => name !== 'omi.session.uid-of-ada');
    expect(others.length).toBeGreaterThan(0);
    for (const [name, text] of others) expect(name + text).not.toMatch(/eyJ|ada@example/);
  });

  test('each account has an entry of its own, and a new token takes the place of the old', async () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    const later = sessionOf('ada', { exp: (now + 2 * hour) / 1000 });
    valueOf(await sessions.signIn(ada));
    valueOf(await sessions.signIn(grace));
    valueOf(await sessions.signIn(later));
    expect([...vault.entries.keys()].sort()).toEqual([
      'omi.accounts',
      'omi.session.uid-of-ada',
      'omi.session.uid-of-grace',
    ]);
    expect(textsOf(vault)).not.toContain(ada.idToken);
    expect(textsOf(vault)).toContain(later.idToken);
    expect(textsOf(vault)).toContain(grace.idToken);
  });

  test('sign-out leaves no token of the account; of the last, none at all', async () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    valueOf(await sessions.signIn(ada));
    valueOf(await sessions.signIn(grace));
    valueOf(await sessions.signOut());
    expect(textsOf(vault)).not.toContain(grace.idToken);
    expect(sessions.state).toEqual(signedInAs(ada));
    valueOf(await sessions.signOut());
    expect(textsOf(vault)).not.toMatch(/eyJ/);
  });
});

describe('a damaged entry: signed out, told once, without what it held', () => {
  const accounts = JSON.stringify({ version: 1, ids: ['uid-of-ada'] });
  const good = JSON.parse(encodeSession(ada)) as Record<string, unknown>;
  const session = (changes: object) => JSON.stringify({ ...good, ...changes });

  test.each([
    ['no JSON', `{"idToken":"${ada.idToken}`, 'JSON'],
    ['nothing', '', 'JSON'],
    ['the bare token', ada.idToken, 'JSON'],
    ['null', 'null', 'entry'],
    ['a list', JSON.stringify([ada.idToken]), undefined],
    ['a string', JSON.stringify(ada.idToken), 'entry'],
    ['another version', session({ version: 2 }), 'version'],
    ['no version', session({ version: undefined }), 'version'],
    ['no token', session({ idToken: undefined }), 'idToken'],
    ['an empty token', session({ idToken: '' }), 'idToken'],
    ['a token within an object', session({ idToken: { token: ada.idToken } }), 'idToken'],
    ['no account', session({ account: undefined }), 'account'],
    ['an account without id', session({ account: { id: '', label: 'x' } }), 'account.id'],
    ['an account without name', session({ account: { id: 'x' } }), 'account.label'],
    ['a time in words', session({ expiresAt: ada.idToken }), 'expiresAt'],
    ['no time', session({ expiresAt: null }), 'expiresAt'],
  ])('session: %s', async (_, text, field) => {
    const vault = new MemoryVault();
    vault.entries.set('omi.accounts', accounts);
    vault.entries.set('omi.session.uid-of-ada', text);
    const { sessions, troubles } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ kind: 'damaged', ...(field === undefined ? {} : { field }) });
    expect(JSON.stringify(troubles)).not.toMatch(/eyJ|@example/);

    valueOf(await sessions.signIn(ada));
    expect(sessions.state).toEqual(signedInAs(ada));
  });

  test.each([
    ['no JSON', `{"ids":["${ada.idToken}`],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', JSON.stringify([ada.idToken])],
    ['another version', JSON.stringify({ version: 2, ids: ['uid-of-ada'] })],
    ['ids of another kind', JSON.stringify({ version: 1, ids: ada.idToken })],
    ['an id of another kind', JSON.stringify({ version: 1, ids: [{ id: ada.idToken }] })],
  ])('accounts: %s', async (_, text) => {
    const vault = new MemoryVault();
    vault.entries.set('omi.accounts', text);
    vault.entries.set('omi.session.uid-of-ada', encodeSession(ada));
    const { sessions, troubles } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatchObject({ kind: 'damaged', entry: 'omi.accounts' });
    expect(JSON.stringify(troubles)).not.toMatch(/eyJ|@example/);
  });

  test.each([
    ['no account', JSON.stringify({ version: 1, ids: [] })],
    ['an account without session', JSON.stringify({ version: 1, ids: ['uid-of-nobody'] })],
  ])('%s is no damage', async (_, text) => {
    const vault = new MemoryVault();
    vault.entries.set('omi.accounts', text);
    const { sessions, troubles } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(troubles).toEqual([]);
  });
});

describe('a vault that refuses', () => {
  const locked = (during: string, session?: Session) =>
    new Error(`the keychain refused to ${during} ${session ? encodeSession(session) : 'an entry'}`);

  test('to be read: signed out, told, and there again once it opens', async () => {
    const vault = new MemoryVault();
    valueOf(await openWindow(vault).sessions.signIn(ada));
    vault.refuse((operation) => (operation === 'get' ? locked('read') : undefined));
    const { sessions, troubles } = openWindow(vault);
    await sessions.load();
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(troubles).toEqual([
      { kind: 'unavailable', during: 'read', message: 'the keychain refused to read an entry' },
    ]);
    vault.refuse();
    await sessions.load();
    expect(sessions.state).toEqual(signedInAs(ada));
  });

  test('to be read with something that is no Error', async () => {
    const vault = new MemoryVault();
    const port = vault.window();
    const get = (): Promise<undefined> =>
      new Promise((resolve) => {
        // Throws the bare string, as foreign code may.
        AbortSignal.abort('locked').throwIfAborted();
        resolve(undefined);
      });
    const sessions = new Sessions(sessionsParts({ vault: { ...port, get }, now: () => now }));
    opened.push(sessions);
    const troubles: VaultTrouble[] = [];
    sessions.onDidMeetTrouble((trouble) => void troubles.push(trouble));
    await sessions.load();
    expect(troubles).toEqual([{ kind: 'unavailable', during: 'read', message: 'locked' }]);
  });

  test('to store: the sign-in fails, and nothing has changed', async () => {
    const vault = new MemoryVault();
    vault.refuse((operation) => (operation === 'store' ? locked('store') : undefined));
    const { sessions, states, troubles } = openWindow(vault);
    const trouble = failureOf(await sessions.signIn(ada));
    expect(trouble).toEqual({
      kind: 'unavailable',
      during: 'store',
      message: 'the keychain refused to store an entry',
    });
    expect(troubles).toEqual([trouble]);
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(states).toEqual([]);
    expect(vault.entries.size).toBe(0);
    vault.refuse();
    valueOf(await sessions.signIn(ada));
  });

  test('to store for another account: the one in use stays', async () => {
    const vault = new MemoryVault();
    const window = openWindow(vault);
    valueOf(await window.sessions.signIn(ada));
    vault.refuse((operation) => (operation === 'store' ? locked('store') : undefined));
    failureOf(await window.sessions.signIn(grace));
    expect(window.sessions.state).toEqual(signedInAs(ada));
    vault.refuse();
    await settled(vault);
    expect(window.sessions.state).toEqual(signedInAs(ada));
  });

  test('to store the second entry: no token stays behind', async () => {
    const vault = new MemoryVault();
    vault.refuse((operation, name) =>
      operation === 'store' && name === 'omi.accounts' ? locked('store') : undefined,
    );
    const { sessions } = openWindow(vault);
    failureOf(await sessions.signIn(ada));
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(textsOf(vault)).not.toMatch(/eyJ/);
  });

  test('to delete: out of use all the same, and told', async () => {
    const vault = new MemoryVault();
    const { sessions, troubles } = openWindow(vault);
    valueOf(await sessions.signIn(ada));
    vault.refuse((operation) => (operation === 'delete' ? locked('delete') : undefined));
    const trouble = failureOf(await sessions.signOut());
    expect(trouble).toEqual({
      kind: 'unavailable',
      during: 'delete',
      message: 'the keychain refused to delete an entry',
    });
    expect(troubles).toEqual([trouble]);
    expect(sessions.state).toEqual({ kind: 'signedOut' });
    expect(failureOf(await sessions.bearer())).toEqual({ kind: 'unauthenticated' });
  });

  test('to delete: a change to another entry does not bring the session back', async () => {
    const vault = new MemoryVault();
    const window = openWindow(vault);
    valueOf(await window.sessions.signIn(ada));
    await settled(vault);
    vault.refuse((operation) => (operation === 'delete' ? locked('delete') : undefined));
    failureOf(await window.sessions.signOut());
    vault.touch('omi.session.uid-of-grace');
    await settled(vault);
    expect(window.sessions.state).toEqual({ kind: 'signedOut' });
    // Unless the person signs in with the same token again.
    valueOf(await window.sessions.signIn(ada));
    expect(window.sessions.state).toEqual(signedInAs(ada));
  });

  test('to delete: the next sign-out tries again and says how it ended', async () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    valueOf(await sessions.signIn(ada));
    vault.refuse((operation) => (operation === 'delete' ? locked('delete') : undefined));
    failureOf(await sessions.signOut());
    failureOf(await sessions.signOut());
    vault.refuse();
    valueOf(await sessions.signOut());
    expect(textsOf(vault)).not.toMatch(/eyJ/);
  });

  test('to store the list of accounts at sign-out: the token goes', async () => {
    const vault = new MemoryVault();
    const { sessions } = openWindow(vault);
    valueOf(await sessions.signIn(ada));
    vault.refuse((operation, name) =>
      operation === 'store' && name === 'omi.accounts' ? locked('store') : undefined,
    );
    failureOf(await sessions.signOut());
    expect(textsOf(vault)).not.toMatch(/eyJ/);
  });

  test.each(['get', 'store', 'delete'] as const)(
    'to %s, in words that hold the token: not told on',
    async (refused) => {
      const vault = new MemoryVault();
      const { sessions: before } = openWindow(vault);
      if (refused !== 'store') valueOf(await before.signIn(ada));
      const { sessions, troubles } = openWindow(vault);
      if (refused === 'delete') await sessions.load();
      vault.refuse((operation) => (operation === refused ? locked(refused, ada) : undefined));
      if (refused === 'get') await sessions.load();
      if (refused === 'store') failureOf(await sessions.signIn(ada));
      if (refused === 'delete') failureOf(await sessions.signOut());
      expect(troubles).toHaveLength(1);
      expect(JSON.stringify(troubles)).not.toContain(ada.idToken);
    },
  );

  test('after a refusal the next work has its turn', async () => {
    const vault = new MemoryVault();
    let refusals = 1;
    vault.refuse(() => (refusals-- > 0 ? locked('do anything to') : undefined));
    const { sessions } = openWindow(vault);
    const [first, second] = await Promise.all([sessions.signIn(ada), sessions.signIn(grace)]);
    expect([first.ok, second.ok]).toEqual([false, true]);
    expect(sessions.state).toEqual(signedInAs(grace));
  });
});

describe('two windows on one vault', () => {
  const reaches = (window: { sessions: Sessions }, state: SessionState) =>
    expect.poll(() => window.sessions.state).toEqual(state);

  test('a sign-in in one reaches the other, with the same bearer', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    valueOf(await one.sessions.signIn(ada));
    await reaches(other, signedInAs(ada));
    expect(await other.sessions.bearer()).toEqual(await one.sessions.bearer());
    expect(other.states).toEqual(expect.arrayContaining([signedInAs(ada)]));
    expect(other.troubles).toEqual([]);
  });

  test('a sign-out in one reaches the other', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    valueOf(await one.sessions.signIn(ada));
    await reaches(other, signedInAs(ada));
    valueOf(await one.sessions.signOut());
    await reaches(other, { kind: 'signedOut' });
    expect(other.states.at(-1)).toEqual({ kind: 'signedOut' });
    expect(failureOf(await other.sessions.bearer())).toEqual({ kind: 'unauthenticated' });
    expect(other.troubles).toEqual([]);
  });

  test('a change of account in one reaches the other, which is never signed out between', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    valueOf(await one.sessions.signIn(ada));
    await reaches(other, signedInAs(ada));
    const told = other.states.length;
    valueOf(await one.sessions.signIn(grace));
    await reaches(other, signedInAs(grace));
    expect(other.states.slice(told)).toEqual([signedInAs(grace)]);
  });

  test('a new token of the same account ends the refusal in the other', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    valueOf(await one.sessions.signIn(ada));
    await reaches(other, signedInAs(ada));
    other.sessions.refuse(valueOf(await other.sessions.bearer()));
    const renewed = sessionOf('ada', { exp: (now + 2 * hour) / 1000 });
    valueOf(await one.sessions.signIn(renewed));
    await reaches(other, signedInAs(renewed));
  });

  test('sign-ins in both at once: both end with the same account', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    await Promise.all([one.sessions.signIn(ada), other.sessions.signIn(grace)]);
    await expect
      .poll(
        () =>
          one.sessions.state.kind === 'signedIn' &&
          isDeepStrictEqual(one.sessions.state, other.sessions.state),
      )
      .toBe(true);
  });

  test('sign-outs in both at once: both out, no trouble', async () => {
    const vault = new MemoryVault();
    const [one, other] = [openWindow(vault), openWindow(vault)];
    valueOf(await one.sessions.signIn(ada));
    await reaches(other, signedInAs(ada));
    const results = await Promise.all([one.sessions.signOut(), other.sessions.signOut()]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
    expect([...vault.entries]).toEqual(nobodyLeft);
    await settled(vault);
    expect([one.sessions.state.kind, other.sessions.state.kind]).toEqual(['signedOut', 'signedOut']);
  });

  test('entries of others are not looked at', async () => {
    const vault = new MemoryVault();
    openWindow(vault);
    vault.touch('someone.else');
    await settled(vault);
    expect(vault.operations).toEqual([]);
  });
});
