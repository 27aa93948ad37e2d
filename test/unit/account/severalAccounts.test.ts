import { afterEach, describe, expect, test } from 'vitest';
import { readClaims } from '../../../src/account/idToken';
import { encodeSession, sessionOfTokens, type Session } from '../../../src/account/session';
import { Sessions } from '../../../src/account/sessions';
import type { VaultTrouble } from '../../../src/account/sessionStore';
import { MemoryVault, settled } from '../support/memoryVault';
import { failureOf, valueOf } from '../support/omiClient';
import { MemoryMarker, sessionsParts } from '../support/sessionParts';
import { firebaseClaims, jwt, refreshToken } from '../support/secrets';

const now = Date.UTC(2026, 10, 23, 12);
const opened: Sessions[] = [];

afterEach(() => {
  for (const sessions of opened.splice(0)) sessions.dispose();
});

function openWindow(vault: MemoryVault, marker = new MemoryMarker()) {
  const sessions = new Sessions(sessionsParts({ vault: vault.window(), marker, now: () => now }));
  opened.push(sessions);
  const troubles: VaultTrouble[] = [];
  const told: string[] = [];
  sessions.onDidMeetTrouble((trouble) => void troubles.push(trouble));
  sessions.onDidChange(() => void told.push(sessions.accounts.map(({ label }) => label).join(' ')));
  return { sessions, marker, troubles, told };
}

function sessionOf(person: string): Session {
  const id = `uid-of-${person}`;
  const idToken = jwt(firebaseClaims({ user_id: id, sub: id, email: person, exp: now / 1000 + 3600 }));
  const tokens = { idToken, refreshToken: `${refreshToken}${person}`, lifetime: 3_600_000 };
  return sessionOfTokens(tokens, valueOf(readClaims(idToken)), now);
}

const [ada, grace, linus] = [sessionOf('ada'), sessionOf('grace'), sessionOf('linus')];
const labels = ({ sessions }: { sessions: Sessions }) => sessions.accounts.map(({ label }) => label);
const entriesOf = (vault: MemoryVault) => [...vault.entries.keys()].sort();

async function withAll(): Promise<{ vault: MemoryVault; window: ReturnType<typeof openWindow> }> {
  const vault = new MemoryVault();
  const window = openWindow(vault);
  for (const session of [ada, grace, linus]) valueOf(await window.sessions.signIn(session));
  await settled(vault);
  return { vault, window };
}

describe('several accounts side by side', () => {
  test('stay signed in; the newest is in use, and each has its own bearer', async () => {
    const { window } = await withAll();
    expect(labels(window)).toEqual(['linus', 'grace', 'ada']);
    expect(window.told).toEqual(['ada', 'grace ada', 'linus grace ada']);
    expect(valueOf(await window.sessions.bearer()).token).toBe(linus.idToken);
    for (const { account, idToken } of [ada, grace, linus])
      expect(valueOf(await window.sessions.bearer(account.id))).toEqual({ token: idToken, account });
    expect(failureOf(await window.sessions.bearer('uid-of-nobody'))).toEqual({ kind: 'unauthenticated' });
  });

  test('are there again after a restart, in the same order', async () => {
    const { vault, window } = await withAll();
    valueOf(await window.sessions.use(ada.account.id));
    const again = openWindow(vault);
    await again.sessions.load();
    expect(labels(again)).toEqual(['ada', 'linus', 'grace']);
  });

  test('signing in again as one brings it to the front, once', async () => {
    const { window } = await withAll();
    valueOf(await window.sessions.signIn(ada));
    expect(labels(window)).toEqual(['ada', 'linus', 'grace']);
  });

  test('use() switches in both windows', async () => {
    const { vault, window } = await withAll();
    const other = openWindow(vault);
    await other.sessions.load();
    valueOf(await window.sessions.use(grace.account.id));
    expect(window.sessions.account).toEqual(grace.account);
    expect(window.sessions.isInUse(grace.account)).toBe(true);
    expect(window.sessions.isInUse(linus.account)).toBe(false);
    await settled(vault);
    expect(labels(other)).toEqual(['grace', 'linus', 'ada']);
    expect(other.told).toEqual(['linus grace ada', 'grace linus ada']);
  });

  test('use() of an account that is not signed in changes nothing', async () => {
    const { vault, window } = await withAll();
    const before = vault.operations.length;
    valueOf(await window.sessions.use('uid-of-nobody'));
    expect(vault.operations).toHaveLength(before);
    expect(labels(window)).toEqual(['linus', 'grace', 'ada']);
  });

  test('use() that the vault does not keep changes nothing, and is told', async () => {
    const { vault, window } = await withAll();
    vault.refuse((operation) => (operation === 'store' ? new Error('locked') : undefined));
    expect(failureOf(await window.sessions.use(ada.account.id))).toMatchObject({ during: 'store' });
    expect(labels(window)).toEqual(['linus', 'grace', 'ada']);
  });

  test('sign-out is of one: the next comes into use, in both windows', async () => {
    const { vault, window } = await withAll();
    const other = openWindow(vault);
    await other.sessions.load();
    valueOf(await window.sessions.signOut());
    expect(labels(window)).toEqual(['grace', 'ada']);
    valueOf(await window.sessions.signOut(ada.account.id));
    expect(labels(window)).toEqual(['grace']);
    await settled(vault);
    expect(labels(other)).toEqual(['grace']);
    expect(entriesOf(vault)).toEqual(['omi.accounts', 'omi.session.uid-of-grace']);
  });

  test('an account that has ended says so; another can be used', async () => {
    const { window } = await withAll();
    window.sessions.refuse(valueOf(await window.sessions.bearer()));
    expect(window.sessions.state).toMatchObject({ kind: 'expired', account: linus.account });
    valueOf(await window.sessions.use(ada.account.id));
    expect(window.sessions.state).toMatchObject({ kind: 'signedIn', account: ada.account });
    valueOf(await window.sessions.bearer());
    valueOf(await window.sessions.use(linus.account.id));
    expect(window.sessions.state).toMatchObject({ kind: 'expired', reason: 'refused' });
  });
});

describe('a damaged entry of one account', () => {
  test('leaves the others usable, and is told once, however often the vault is read', async () => {
    const { vault, window } = await withAll();
    vault.entries.set('omi.session.uid-of-grace', '{"idToken":"eyJ');
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    await again.sessions.load();
    vault.touch('omi.accounts');
    await settled(vault);
    expect(labels(again)).toEqual(['linus', 'ada']);
    expect(again.troubles).toEqual([{ kind: 'damaged', entry: 'omi.session', field: 'JSON' }]);
    valueOf(await again.sessions.bearer(ada.account.id));
    valueOf(await again.sessions.signIn(grace));
    expect(labels(again)).toEqual(['grace', 'linus', 'ada']);
  });

  test('is told again when it was mended and is damaged anew', async () => {
    const { vault } = await withAll();
    const name = 'omi.session.uid-of-grace';
    const again = openWindow(vault);
    for (const text of ['junk', encodeSession(grace), 'junk']) {
      vault.entries.set(name, text);
      await again.sessions.load();
    }
    expect(again.troubles).toHaveLength(2);
  });

  test('of the list of accounts is told alone, not as forgetting', async () => {
    const { vault, window } = await withAll();
    vault.entries.set('omi.accounts', 'junk');
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    expect(again.troubles.map(({ kind }) => kind)).toEqual(['damaged']);
  });
});

describe('a vault that forgets', () => {
  test('is told once, at the first load', async () => {
    const { vault, window } = await withAll();
    vault.entries.clear();
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    await again.sessions.load();
    expect(again.sessions.state).toEqual({ kind: 'signedOut' });
    expect(again.troubles).toEqual([{ kind: 'forgot' }]);
    const third = openWindow(vault, window.marker);
    await third.sessions.load();
    expect(third.troubles).toEqual([]);
  });

  test('one of several accounts is told, too', async () => {
    const { vault, window } = await withAll();
    vault.entries.delete('omi.session.uid-of-ada');
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    expect(again.troubles).toEqual([{ kind: 'forgot' }]);
    expect(labels(again)).toEqual(['linus', 'grace']);
  });

  test('is not meant after a regular sign-out, here or in another window', async () => {
    const { vault, window } = await withAll();
    const other = openWindow(vault, window.marker);
    await other.sessions.load();
    valueOf(await window.sessions.signOut());
    await settled(vault);
    valueOf(await other.sessions.signOut());
    await settled(vault);
    valueOf(await window.sessions.signOut());
    await settled(vault);
    expect(window.marker.ids).toEqual([]);
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    expect(again.troubles).toEqual([]);
  });

  test('is not meant after a sign-out in another window whose mark comes late', async () => {
    const { vault, window } = await withAll();
    const late = new MemoryMarker();
    late.write(window.marker.ids);
    const other = openWindow(vault, late);
    await other.sessions.load();
    valueOf(await window.sessions.signOut());
    await settled(vault);
    expect(labels(other)).toEqual(['grace', 'ada']);
    expect(other.troubles).toEqual([]);
  });

  test('is not meant when it only cannot be read now, nor is the mark lost by that', async () => {
    const { vault, window } = await withAll();
    vault.refuse(() => new Error('locked'));
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    expect(again.troubles.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(window.marker.ids).toHaveLength(3);
  });

  test('the mark holds ids alone', async () => {
    const { window } = await withAll();
    expect(window.marker.ids).toEqual([linus, grace, ada].map(({ account }) => account.id));
  });
});

describe('a session that the vault does not let go', () => {
  async function leftBehind() {
    const all = await withAll();
    all.vault.refuse((operation) => (operation === 'delete' ? new Error('locked') : undefined));
    failureOf(await all.window.sessions.signOut());
    await settled(all.vault);
    return all;
  }

  test('is not signed in again by a later load or a restart', async () => {
    const { vault, window } = await leftBehind();
    await window.sessions.load();
    expect(labels(window)).toEqual(['grace', 'ada']);
    expect(entriesOf(vault)).toContain('omi.session.uid-of-linus');
    const again = openWindow(vault, window.marker);
    await again.sessions.load();
    expect(labels(again)).toEqual(['grace', 'ada']);
    expect(again.troubles).toEqual([]);
  });

  test('nor when the list of accounts could not be stored either', async () => {
    const { vault, window } = await withAll();
    vault.refuse((operation) => (operation === 'get' ? undefined : new Error('locked')));
    failureOf(await window.sessions.signOut());
    await window.sessions.load();
    vault.touch('omi.accounts');
    await settled(vault);
    expect(labels(window)).toEqual(['grace', 'ada']);
  });

  test('is tried again by the next sign-out, of whichever account', async () => {
    const { vault, window } = await leftBehind();
    vault.refuse();
    valueOf(await window.sessions.signOut(ada.account.id));
    expect(entriesOf(vault)).toEqual(['omi.accounts', 'omi.session.uid-of-grace']);
    expect(labels(window)).toEqual(['grace']);
  });

  test('can be signed in to anew', async () => {
    const { vault, window } = await leftBehind();
    valueOf(await window.sessions.signIn(linus));
    await settled(vault);
    expect(labels(window)).toEqual(['linus', 'grace', 'ada']);
    vault.refuse();
    valueOf(await window.sessions.signOut(ada.account.id));
    expect(labels(window)).toEqual(['linus', 'grace']);
    expect(entriesOf(vault)).toContain('omi.session.uid-of-linus');
  });
});

test('a vault that takes an entry and loses it at once fails the sign-in', async () => {
  const vault = new MemoryVault();
  const port = vault.window();
  const store = (name: string, value: string) =>
    name.startsWith('omi.session.') ? Promise.resolve() : port.store(name, value);
  const sessions = new Sessions(sessionsParts({ vault: { ...port, store }, now: () => now }));
  opened.push(sessions);
  expect(failureOf(await sessions.signIn(ada))).toEqual({
    kind: 'unavailable',
    during: 'store',
    message: 'the entry could not be read back',
  });
  expect(sessions.state).toEqual({ kind: 'signedOut' });
});
