import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountName } from '../../../sandbox/server';
import type { AccountKeys } from '../../../src/keys/keyAccess';
import { revokeKeys, type EndState } from '../../../src/keys/revokeKeys';
import type { Result } from '../../../src/omi/result';
import type { KeyList } from '../../../src/omi/schemas';
import { failureOf, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { deletes, gate, lives, openChain, targetOf, type Chain } from './chain';

let chain: Chain;

withSandbox();
beforeEach(async () => {
  chain = openChain(sandbox);
  await chain.signIn('grace');
  await chain.signIn('ada');
});
afterEach(() => chain.dispose());

const listPath = '/v1/dev/keys';
const uid = (account: AccountName): string => sandbox.accounts[account].uid;
const keysOf = (account: AccountName): AccountKeys => chain.keys.byAccount(uid(account));
const idsIn = (account: AccountName): string[] => sandbox.keys(account).map(({ id }) => id);
const idsOf = (list: Result<KeyList>): string[] => valueOf(list).keys.map(({ id }) => id);
const askers = (): (AccountName | null)[] => sandbox.requests.map(({ account }) => account);

/** Holds the next list of an account; gives what lets it go. */
function holdList(account: AccountName): () => void {
  const { closed, open } = gate();
  sandbox.fault({ path: listPath, account, effect: { hold: closed } });
  return open;
}

async function revoke(account: AccountName, keyId: string): Promise<EndState | undefined> {
  const key = sandbox.keys(account).find(({ id }) => id === keyId);
  if (!key) throw new Error('no such key');
  const { revocation } = keysOf(account);
  const { signal } = new AbortController();
  return (await revokeKeys([targetOf(sandbox, key, account)], revocation, { signal }))[0]?.end;
}

describe('the account in use', () => {
  test('is read into its ring', async () => {
    expect(idsOf(await keysOf('ada').readList('dev'))).toEqual(idsIn('ada'));
    expect(chain.keys.rings.dev.list?.keys.map(({ id }) => id)).toEqual(idsIn('ada'));
    expect(keysOf('ada').revocation.lastFilledList('dev')).toBe(chain.keys.rings.dev.lastFilled);
  });

  test('is revoked in, and its ring shows it', async () => {
    const { id } = sandbox.addKey('ada');
    expect(await revoke('ada', id)).toEqual({ kind: 'revoked' });
    expect(chain.keys.rings.dev.list?.keys.map((key) => key.id)).toEqual(idsIn('ada'));
    expect(new Set(askers())).toEqual(new Set(['ada']));
  });
});

describe('an account that is not in use', () => {
  test('is read with its own bearer, beside the rings', async () => {
    expect(idsOf(await keysOf('grace').readList('dev'))).toEqual(idsIn('grace'));
    expect(askers()).toEqual(['grace']);
    expect(chain.keys.rings.dev.state).toEqual({ kind: 'loading' });
  });

  test('has its last good list at hand, until it comes into use', async () => {
    expect(keysOf('grace').list('dev')).toBeUndefined();
    await keysOf('grace').readList('dev');
    expect(
      keysOf('grace')
        .list('dev')
        ?.keys.map(({ id }) => id),
    ).toEqual(idsIn('grace'));
    sandbox.fault({ path: listPath, effect: { status: 403 } });
    await keysOf('grace').readList('dev');
    expect(
      keysOf('grace')
        .list('dev')
        ?.keys.map(({ id }) => id),
    ).toEqual(idsIn('grace'));
    expect(keysOf('ada').list('dev')).toBeUndefined();
    await chain.sessions.use(uid('grace'));
    expect(keysOf('grace').list('dev')).toBeUndefined();
  });

  test('is revoked in with its own bearer', async () => {
    const { id } = sandbox.addKey('grace');
    expect(await revoke('grace', id)).toEqual({ kind: 'revoked' });
    expect(idsIn('grace')).not.toContain(id);
    expect(new Set(askers())).toEqual(new Set(['grace']));
  });

  test('a suddenly empty list is no proof there either', async () => {
    const { id } = sandbox.addKey('grace');
    sandbox.fault({ path: listPath, skip: 1, times: Infinity, effect: { status: 200, body: [] } });
    expect(await revoke('grace', id)).toMatchObject({ kind: 'notConfirmed' });
  });

  test('remembers its last filled list until it is signed out', async () => {
    const { revocation, readList } = keysOf('grace');
    expect(revocation.lastFilledList('dev')).toBeUndefined();
    const list = valueOf(await readList('dev'));
    expect(keysOf('grace').revocation.lastFilledList('dev')).toBe(list);
    await chain.sessions.signOut(uid('grace'));
    expect(revocation.lastFilledList('dev')).toBeUndefined();
    await chain.signIn('grace');
    await chain.signIn('ada');
    expect(revocation.lastFilledList('dev')).toBeUndefined();
  });
});

describe('a change of account in the middle', () => {
  test('a read goes on when its account comes into use, and fills the ring', async () => {
    const open = holdList('grace');
    const reading = keysOf('grace').readList('dev');
    await sandbox.waitForRequest({ path: listPath, account: 'grace' });
    await chain.sessions.use(uid('grace'));
    open();
    expect(idsOf(await reading)).toEqual(idsIn('grace'));
    expect(chain.keys.rings.dev.list?.keys.map(({ id }) => id)).toEqual(idsIn('grace'));
  });

  test('a read goes on when its account goes out of use, and leaves the ring alone', async () => {
    const open = holdList('ada');
    const reading = keysOf('ada').readList('dev');
    await sandbox.waitForRequest({ path: listPath, account: 'ada' });
    await chain.sessions.use(uid('grace'));
    valueOf(await chain.keys.rings.dev.refresh());
    open();
    expect(idsOf(await reading)).toEqual(idsIn('ada'));
    expect(chain.keys.rings.dev.list?.keys.map(({ id }) => id)).toEqual(idsIn('grace'));
  });

  test('a revocation goes on in its own account', async () => {
    const target = targetOf(sandbox, sandbox.addKey('ada'));
    const { closed, open } = gate();
    sandbox.fault({ method: 'DELETE', effect: { hold: closed } });
    const revoking = revoke('ada', target.key.id);
    await sandbox.waitForRequest({ method: 'DELETE' });
    await chain.sessions.use(uid('grace'));
    open();
    expect(await revoking).toEqual({ kind: 'revoked' });
    expect(lives(sandbox, target)).toBe(false);
    expect(deletes(sandbox).map(({ account }) => account)).toEqual(['ada']);
  });
});

describe('another server', () => {
  test('no list of the former one is left, in use or not', async () => {
    await Promise.all([chain.keys.rings.dev.refresh(), chain.keys.rings.mcp.refresh()]);
    await keysOf('grace').readList('dev');
    chain.keys.dropLists();
    expect(chain.keys.rings.dev.state).toEqual({ kind: 'loading' });
    expect(chain.keys.rings.mcp.state).toEqual({ kind: 'loading' });
    for (const account of ['ada', 'grace'] as const) {
      expect(keysOf(account).list('dev')).toBeUndefined();
      expect(keysOf(account).revocation.lastFilledList('dev')).toBeUndefined();
    }
  });

  test.each(['ada', 'grace'] as const)('a read of %s under way is given up', async (account) => {
    const open = holdList(account);
    const reading = keysOf(account).readList('dev');
    await sandbox.waitForRequest({ path: listPath, account });
    chain.keys.dropLists();
    open();
    expect(failureOf(await reading)).toEqual({ kind: 'cancelled' });
    expect(keysOf(account).list('dev')).toBeUndefined();
  });

  test('the lists are read again like the first time', async () => {
    await keysOf('grace').readList('dev');
    chain.keys.dropLists();
    expect(idsOf(await keysOf('grace').readList('dev'))).toEqual(idsIn('grace'));
    expect(idsOf(await keysOf('ada').readList('dev'))).toEqual(idsIn('ada'));
  });
});

describe('signed out', () => {
  test('before: unauthenticated, and nothing is sent', async () => {
    const { readList, revocation } = keysOf('linus');
    expect(failureOf(await readList('dev'))).toEqual({ kind: 'unauthenticated' });
    expect(failureOf(await revocation.revoke('dev', 'any'))).toEqual({ kind: 'unauthenticated' });
    expect(revocation.accountId()).toBeUndefined();
    expect(await revoke('linus', sandbox.addKey('linus').id)).toEqual({
      kind: 'untried',
      why: 'signInNeeded',
    });
    expect(sandbox.requestLines).toEqual([]);
  });

  test.each(['ada', 'grace'] as const)('in the middle of a read of %s: given up', async (account) => {
    sandbox.fault({ path: listPath, account, effect: { hang: true } });
    const reading = keysOf(account).readList('dev');
    const hanging = await sandbox.waitForRequest({ path: listPath, account });
    await chain.sessions.signOut(uid(account));
    expect(failureOf(await reading)).toEqual({ kind: 'cancelled' });
    await expect.poll(() => hanging.status).toBe('dropped');
  });
});
