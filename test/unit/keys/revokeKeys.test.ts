import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type FaultEffect } from '../../../sandbox/server';
import type { KeyTarget } from '../../../src/keys/key';
import { checkRevoked, revokeKeys } from '../../../src/keys/revokeKeys';
import { sandbox, withSandbox } from '../support/sandbox';
import { addTargets, deletes, endKinds, ends, lives, openChain, pathOf, targetOf, type Chain } from './chain';

let chain: Chain;
let token: string;

withSandbox();
beforeEach(async () => {
  chain = openChain(sandbox);
  token = await chain.signIn('ada');
});
afterEach(() => chain.dispose());

const listPath = '/v1/dev/keys';

function named(name: string, family: 'dev' | 'mcp' = 'dev'): KeyTarget {
  return targetOf(sandbox, sandbox.key('ada', name, family));
}

/** Another window of ada's that soon gives up on a silent server. */
async function hastyChain(): Promise<Chain> {
  chain.dispose();
  chain = openChain(sandbox, { timeoutMs: 1000 });
  await chain.signIn('ada');
  return chain;
}

/** What befalls every DELETE. */
function everyDelete(effect: FaultEffect): void {
  sandbox.fault({ method: 'DELETE', times: Infinity, effect });
}

/** What befalls every list after the first. */
function listsAfter(effect: FaultEffect): { clear(): void } {
  return sandbox.fault({ method: 'GET', path: listPath, skip: 1, times: Infinity, effect });
}

const stillLive = (failure: object): object => ({ kind: 'stillLive', why: { kind: 'refused', failure } });
const stillListed = { kind: 'stillLive', why: { kind: 'stillListed' } };

describe('what is sent', () => {
  test('one key: list, DELETE, list; one DELETE with the right path and bearer', async () => {
    const target = named('prod-bot');
    const others = sandbox.keys('ada').length - 1;
    const outcomes = await chain.revoke([target]);
    expect(outcomes).toEqual([{ target, end: { kind: 'revoked' } }]);
    expect(sandbox.requestLines).toEqual([
      'GET /v1/dev/keys',
      `DELETE /v1/dev/keys/${target.key.id}`,
      'GET /v1/dev/keys',
    ]);
    for (const request of sandbox.requests) {
      expect(request.bearer).toBe(token);
      expect(request.query).toBe('');
      expect(request.body).toBe('');
    }
    expect(lives(sandbox, target)).toBe(false);
    expect(sandbox.keys('ada')).toHaveLength(others);
    expect(chain.pauses).toEqual([]);
  });

  test.each([
    'a/b',
    'a?b=c',
    'a#b',
    '100%',
    '%2e%2e',
    'a..b',
    'key 🗝️',
    'ключ',
    '../../mcp/keys/x',
    'a;b,c:d@e',
  ])('an id as strange as "%s" stays one segment of the path', async (id) => {
    const [bystander] = addTargets(sandbox, 1);
    const target = targetOf(sandbox, sandbox.addKey('ada', { id }));
    expect(endKinds(await chain.revoke([target]))).toEqual(['revoked']);
    expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual([
      `/v1/dev/keys/${encodeURIComponent(id)}`,
    ]);
    expect(lives(sandbox, target)).toBe(false);
    expect(bystander && lives(sandbox, bystander)).toBe(true);
  });

  test.each(['..', '.', '\ud800'])(
    'an id that no address can carry is refused, and nothing is sent for it',
    async (id) => {
      const target = targetOf(sandbox, { ...sandbox.key('ada', 'prod-bot'), id });
      const [end] = ends(await chain.revoke([target]));
      expect(['stillLive', 'alreadyGone']).toContain(end?.kind);
      expect(deletes(sandbox)).toHaveLength(0);
      expect(sandbox.keys('ada')).toHaveLength(12);
    },
  );

  test('three at once: one DELETE each between two lists', async () => {
    const targets = addTargets(sandbox, 3);
    expect(endKinds(await chain.revoke(targets))).toEqual(['revoked', 'revoked', 'revoked']);
    expect(sandbox.requestLines.at(0)).toBe('GET /v1/dev/keys');
    expect(sandbox.requestLines.at(-1)).toBe('GET /v1/dev/keys');
    expect(sandbox.requestLines.slice(1, -1).toSorted()).toEqual(
      targets.map((target) => `DELETE ${pathOf(target)}`).toSorted(),
    );
    expect(targets.some((target) => lives(sandbox, target))).toBe(false);
  });

  test('both families in one act, and the same id in both', async () => {
    const dev = targetOf(sandbox, sandbox.addKey('ada', { family: 'dev', id: 'twin' }));
    const mcp = targetOf(sandbox, sandbox.addKey('ada', { family: 'mcp', id: 'twin' }));
    const stays = targetOf(sandbox, sandbox.addKey('ada', { family: 'mcp', id: 'stays' }));
    const targets = [named('claude-desktop', 'mcp'), dev, mcp, named('prod-bot')];
    const outcomes = await chain.revoke(targets);
    expect(outcomes.map(({ target }) => target)).toEqual(targets);
    expect(endKinds(outcomes)).toEqual(['revoked', 'revoked', 'revoked', 'revoked']);
    expect(
      deletes(sandbox)
        .map(({ rawPath }) => rawPath)
        .toSorted(),
    ).toEqual(targets.map(pathOf).toSorted());
    expect(targets.some((target) => lives(sandbox, target))).toBe(false);
    expect(lives(sandbox, stays)).toBe(true);
  });

  test('only the family with targets is read', async () => {
    await chain.revoke([named('cursor', 'mcp')]);
    expect(sandbox.requests.every(({ rawPath }) => rawPath.startsWith('/v1/mcp/keys'))).toBe(true);
  });

  test('a legacy key and keys with odd names go like all others', async () => {
    const targets = sandbox.keys('ada').map((key) => targetOf(sandbox, key));
    expect(targets).toHaveLength(12);
    expect(new Set(endKinds(await chain.revoke(targets)))).toEqual(new Set(['revoked']));
    expect(sandbox.keys('ada')).toEqual([]);
  });

  test('no targets, nothing sent', async () => {
    expect(await chain.revoke([])).toEqual([]);
    expect(sandbox.requestLines).toEqual([]);
  });

  test('tells of each key once Omi has answered for it', async () => {
    const targets = addTargets(sandbox, 3);
    const answered: KeyTarget[] = [];
    await revokeKeys(targets, chain.keys.revocation, {
      signal: new AbortController().signal,
      onAnswered: (target) => answered.push(target),
    });
    expect(new Set(answered)).toEqual(new Set(targets));
    expect(answered).toHaveLength(3);
  });

  test('outcomes come in the order of the targets, whatever the order of the answers', async () => {
    const dev = addTargets(sandbox, 4);
    const mcp = addTargets(sandbox, 2, 'mcp');
    const [a, b, c, d] = dev;
    const [x, y] = mcp;
    if (!a || !b || !c || !d || !x || !y) throw new Error('six targets are needed');
    sandbox.fault({ method: 'DELETE', path: pathOf(a), effect: { delayMs: 60 } });
    sandbox.fault({ method: 'DELETE', path: pathOf(c), effect: { status: 422 } });
    sandbox.deleteKey('ada', y.key.id);
    const targets = [y, a, b, x, c, d];
    const outcomes = await chain.revoke(targets);
    expect(outcomes.map(({ target }) => target)).toEqual(targets);
    expect(endKinds(outcomes)).toEqual([
      'alreadyGone',
      'revoked',
      'revoked',
      'revoked',
      'stillLive',
      'revoked',
    ]);
  });
});

describe('a key that is not there', () => {
  test('an id that was never in the account is already gone, not revoked', async () => {
    const target = targetOf(sandbox, { ...sandbox.key('ada', 'prod-bot'), id: 'never-was' });
    expect(ends(await chain.revoke([target]))).toEqual([{ kind: 'alreadyGone' }]);
    expect(sandbox.keys('ada')).toHaveLength(12);
  });

  test('a key that another client deleted before is already gone', async () => {
    const [gone, here] = addTargets(sandbox, 2);
    if (!gone || !here) throw new Error('two targets are needed');
    sandbox.deleteKey('ada', gone.key.id);
    expect(endKinds(await chain.revoke([gone, here]))).toEqual(['alreadyGone', 'revoked']);
  });

  test('404 of a key that the list no longer has', async () => {
    everyDelete({ status: 404, act: true });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([{ kind: 'alreadyGone' }]);
  });

  test('404 of a key that was never there', async () => {
    everyDelete({ status: 404 });
    const target = targetOf(sandbox, { ...sandbox.key('ada', 'prod-bot'), id: 'never-was' });
    expect(ends(await chain.revoke([target]))).toEqual([{ kind: 'alreadyGone' }]);
    expect(deletes(sandbox)).toHaveLength(1);
  });

  test('404 of a key that is listed all the same is no success', async () => {
    everyDelete({ status: 404 });
    const target = named('prod-bot');
    expect(endKinds(await chain.revoke([target]))).toEqual(['stillLive']);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('a key of another account is sent to nobody', async () => {
    const theirs = targetOf(sandbox, sandbox.key('grace', 'compiler'), 'grace');
    expect(ends(await chain.revoke([theirs]))).toEqual([{ kind: 'notInThisAccount' }]);
    expect(sandbox.requestLines).toEqual([]);
    const mine = named('prod-bot');
    expect(endKinds(await chain.revoke([theirs, mine]))).toEqual(['notInThisAccount', 'revoked']);
    expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual([pathOf(mine)]);
    expect(lives(sandbox, theirs)).toBe(true);
  });
});

describe('204 proves nothing', () => {
  test('204 without effect', async () => {
    everyDelete({ noEffect: true });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toEqual([stillListed]);
    expect(deletes(sandbox)).toHaveLength(1);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('200 or 204 with a body is as good as 204', async () => {
    const [one, two] = addTargets(sandbox, 2);
    if (!one || !two) throw new Error('two targets are needed');
    sandbox.fault({
      method: 'DELETE',
      path: pathOf(one),
      effect: { status: 204, body: '{"ok":true}', act: true },
    });
    sandbox.fault({ method: 'DELETE', path: pathOf(two), effect: { status: 200, body: 'OK', act: true } });
    expect(endKinds(await chain.revoke([one, two]))).toEqual(['revoked', 'revoked']);
  });

  test('a list that lags two reads, then is right', async () => {
    everyDelete({ lagReads: 2 });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([{ kind: 'revoked' }]);
    expect(sandbox.requestLines.filter((line) => line.startsWith('GET'))).toHaveLength(4);
    expect(chain.pauses).toHaveLength(2);
    expect(chain.pauses.every((ms) => ms > 0)).toBe(true);
  });

  test('a list that lags for long', async () => {
    everyDelete({ lagMs: 600_000 });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([stillListed]);
    expect(chain.pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5000);
  });

  test('a lag of one key does not spoil what is known of the others', async () => {
    const targets = addTargets(sandbox, 3);
    const [, slow] = targets;
    if (!slow) throw new Error('a target is needed');
    sandbox.fault({ method: 'DELETE', path: pathOf(slow), effect: { lagMs: 600_000 } });
    expect(endKinds(await chain.revoke(targets))).toEqual(['revoked', 'stillLive', 'revoked']);
  });

  test('the list cannot be read afterwards: not confirmed; a later look settles that it is gone', async () => {
    const target = named('prod-bot');
    const fault = listsAfter({ status: 503 });
    expect(ends(await chain.revoke([target]))).toEqual([
      { kind: 'notConfirmed', failure: { kind: 'server', status: 503, detail: 'Service Unavailable' } },
    ]);
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['notConfirmed']);
    fault.clear();
    sandbox.clearRequests();
    expect(await checkRevoked([target], chain.keys.revocation)).toEqual([
      { target, end: { kind: 'revoked' } },
    ]);
    expect(sandbox.requestLines).toEqual(['GET /v1/dev/keys']);
  });

  test('the list cannot be read afterwards: not confirmed; a later look settles that it lives', async () => {
    const target = named('prod-bot');
    everyDelete({ noEffect: true });
    const fault = listsAfter({ html: true });
    expect(endKinds(await chain.revoke([target]))).toEqual(['notConfirmed']);
    fault.clear();
    sandbox.clearRequests();
    expect(ends(await checkRevoked([target], chain.keys.revocation))).toEqual([stillListed]);
    expect(deletes(sandbox)).toHaveLength(0);
  });

  test('a later look in the name of another account settles nothing', async () => {
    const target = named('prod-bot');
    const fault = listsAfter({ status: 500 });
    expect(endKinds(await chain.revoke([target]))).toEqual(['notConfirmed']);
    fault.clear();
    await chain.signIn('grace');
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['notConfirmed']);
    await chain.sessions.signOut();
    await chain.sessions.signOut();
    expect(chain.sessions.state.kind).toBe('signedOut');
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['notConfirmed']);
    await chain.signIn('ada');
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['revoked']);
  });

  test('the list cannot be read before: the list afterwards settles it', async () => {
    sandbox.fault({ method: 'GET', path: listPath, times: 4, effect: { status: 500 } });
    const [target, stays] = addTargets(sandbox, 2);
    if (!target || !stays) throw new Error('two targets are needed');
    expect(ends(await chain.revoke([target]))).toEqual([{ kind: 'revoked' }]);
    sandbox.fault({ method: 'GET', path: listPath, times: 4, effect: { status: 500 } });
    everyDelete({ noEffect: true });
    expect(ends(await chain.revoke([stays]))).toEqual([stillListed]);
  });
});

describe('a list that is not to be believed', () => {
  test('suddenly empty although there were other keys: not confirmed', async () => {
    listsAfter({ status: 200, body: [] });
    const [end] = ends(await chain.revoke([named('prod-bot')]));
    expect(end).toMatchObject({ kind: 'notConfirmed', failure: { kind: 'protocol' } });
  });

  test('empty after the only keys went: revoked', async () => {
    sandbox.keys('ada').forEach(({ id }) => sandbox.deleteKey('ada', id));
    const targets = addTargets(sandbox, 2);
    expect(endKinds(await chain.revoke(targets))).toEqual(['revoked', 'revoked']);
  });

  test('unreadable entries that were not there before: not confirmed', async () => {
    const target = named('prod-bot');
    const others = sandbox.keys('ada').filter(({ id }) => id !== target.key.id);
    const body = [
      { id: null },
      ...others.map(({ id, name, prefix }) => ({
        id,
        name,
        key_prefix: prefix,
        created_at: '2026-01-02T03:04:05Z',
      })),
    ];
    everyDelete({ noEffect: true });
    const fault = listsAfter({ status: 200, body });
    const [end] = ends(await chain.revoke([target]));
    expect(end).toMatchObject({ kind: 'notConfirmed', failure: { kind: 'protocol' } });
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['notConfirmed']);
    fault.clear();
    expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['stillLive']);
  });

  test('unreadable entries that were there before change nothing', async () => {
    const [target] = addTargets(sandbox, 1);
    if (!target) throw new Error('a target is needed');
    const junk = { id: 'junk', name: 7 };
    const entry = (name: string, id: string): object => ({
      id,
      name,
      key_prefix: 'omi_dev_1a2b...9f0e',
      created_at: '2026-01-02T03:04:05Z',
    });
    const other = entry('other', 'other');
    const mine = entry('mine', target.key.id);
    sandbox.fault({ method: 'GET', path: listPath, effect: { status: 200, body: [junk, mine, other] } });
    sandbox.fault({ method: 'GET', path: listPath, effect: { status: 200, body: [other, junk] } });
    expect(endKinds(await chain.revoke([target]))).toEqual(['revoked']);
  });

  describe('one entry that can never be read', () => {
    const entryOf = ({ key: { id, name, prefix } }: KeyTarget): object => ({
      ...{ id, name, key_prefix: prefix },
      created_at: '2026-01-02T03:04:05Z',
    });
    const junk = { id: 'junk', name: 7 };
    /** From now on the list is this, whatever exists. */
    const lists = (...body: readonly object[]): { clear(): void } =>
      sandbox.fault({ method: 'GET', path: listPath, times: Infinity, effect: { status: 200, body } });

    /** The list with the entry was read, and can be read no more. */
    async function lostSight(target: KeyTarget): Promise<{ clear(): void }> {
      lists(junk, entryOf(target), entryOf(named('old-laptop')));
      await chain.keys.rings.dev.refresh();
      sandbox.clearFaults();
      return sandbox.fault({ method: 'GET', path: listPath, times: Infinity, effect: { status: 403 } });
    }

    test('does not keep a later look from confirming', async () => {
      const target = named('prod-bot');
      const blind = await lostSight(target);
      expect(endKinds(await chain.revoke([target]))).toEqual(['notConfirmed']);
      blind.clear();
      lists(junk, entryOf(named('old-laptop')));
      expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['revoked']);
    });

    test('nor the revocation itself, when the list could not be read right before', async () => {
      const target = named('prod-bot');
      const blind = await lostSight(target);
      blind.clear();
      sandbox.fault({ method: 'GET', path: listPath, times: 1, effect: { status: 403 } });
      lists(junk, entryOf(named('old-laptop')));
      expect(endKinds(await chain.revoke([target]))).toEqual(['revoked']);
    });

    test('nor a later look after somebody else has read the list meanwhile', async () => {
      const target = named('prod-bot');
      const blind = await lostSight(target);
      const known = chain.keys.rings.dev.lastFilled;
      expect(endKinds(await chain.revoke([target]))).toEqual(['notConfirmed']);
      blind.clear();
      lists(junk, entryOf(named('old-laptop')));
      await chain.keys.rings.dev.refresh();
      const parts = { ...chain.keys.revocation, lastFilledList: () => known };
      expect(endKinds(await checkRevoked([target], parts))).toEqual(['revoked']);
    });

    test('is no proof where it may be the key itself', async () => {
      const target = named('prod-bot');
      everyDelete({ noEffect: true });
      await lostSight(target);
      sandbox.clearFaults();
      everyDelete({ noEffect: true });
      lists(junk, { ...entryOf(target), name: null }, entryOf(named('old-laptop')));
      await chain.keys.rings.dev.refresh();
      expect(endKinds(await checkRevoked([target], chain.keys.revocation))).toEqual(['notConfirmed']);
    });
  });

  test('a later look at an empty list does not make a living key dead', async () => {
    const target = named('prod-bot');
    everyDelete({ noEffect: true });
    listsAfter({ status: 200, body: [] });
    expect(endKinds(await chain.revoke([target]))).toEqual(['notConfirmed']);
    const outcomes = await checkRevoked([target], chain.keys.revocation);
    expect(lives(sandbox, target)).toBe(true);
    expect(endKinds(outcomes)).toEqual(['notConfirmed']);
  });

  test('an empty list after a list that could not be read does not make a living key dead', async () => {
    const target = named('prod-bot');
    everyDelete({ noEffect: true });
    sandbox.fault({ method: 'GET', path: listPath, times: 4, effect: { status: 500 } });
    sandbox.fault({ method: 'GET', path: listPath, times: Infinity, effect: { status: 200, body: [] } });
    const outcomes = await chain.revoke([target]);
    expect(lives(sandbox, target)).toBe(true);
    expect(endKinds(outcomes)).toEqual(['notConfirmed']);
  });

  test.each<[string, FaultEffect]>([
    ['an object', { status: 200, body: {} }],
    ['null', { status: 200, body: 'null' }],
    ['a page of a gateway with 200', { html: true, status: 200 }],
    ['ten megabytes', { hugeBytes: 10_000_000 }],
    ['a redirect to another origin', { redirectTo: 'http://127.0.0.1:9/v1/dev/keys' }],
    ['half a body', { halfBody: true }],
    ['nothing at all', { hang: true }],
  ])('%s in place of the list: not confirmed', async (_, effect) => {
    const hasty = await hastyChain();
    listsAfter(effect);
    expect(endKinds(await hasty.revoke([named('prod-bot')]))).toEqual(['notConfirmed']);
  });
});

describe('refused', () => {
  test.each<[string, object | string, string]>([
    ['a string', { detail: 'key_id is not valid' }, 'key_id is not valid'],
    [
      'an array',
      { detail: [{ loc: ['path', 'key_id'], msg: 'Input should be a valid UUID', type: 'uuid_parsing' }] },
      'path.key_id: Input should be a valid UUID',
    ],
    ['nothing', '', ''],
  ])('422 with %s', async (_, body, detail) => {
    everyDelete({ status: 422, body });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toEqual([stillLive({ kind: 'invalid', detail })]);
    expect(deletes(sandbox)).toHaveLength(1);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('403 with a code', async () => {
    everyDelete({
      status: 403,
      body: { detail: { code: 'account_deletion_in_progress', retryable: false } },
    });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([
      stillLive({ kind: 'forbidden', detail: 'account_deletion_in_progress' }),
    ]);
  });

  test('503 twice, then 204', async () => {
    sandbox.fault({ method: 'DELETE', times: 2, effect: { status: 503 } });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toEqual([{ kind: 'revoked' }]);
    expect(deletes(sandbox).map(({ status }) => status)).toEqual([503, 503, 204]);
    expect(lives(sandbox, target)).toBe(false);
  });

  test('503 for ever', async () => {
    everyDelete({ status: 503 });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toEqual([
      stillLive({ kind: 'server', status: 503, detail: 'API key revocation temporarily unavailable' }),
    ]);
    expect(deletes(sandbox).length).toBeGreaterThan(1);
    expect(deletes(sandbox).length).toBeLessThan(10);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('a redirect is not followed, and takes no bearer along', async () => {
    const other = await startSandbox();
    everyDelete({ redirectTo: `${other.url}/v1/dev/keys/x`, status: 307 });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toMatchObject([stillLive({ kind: 'protocol' })]);
    expect(other.requestLines).toEqual([]);
    expect(lives(sandbox, target)).toBe(true);
    await other.close();
  });

  test('one that is refused does not hide the others', async () => {
    const targets = addTargets(sandbox, 3);
    const [, refused] = targets;
    if (!refused) throw new Error('a target is needed');
    sandbox.fault({ method: 'DELETE', path: pathOf(refused), times: Infinity, effect: { status: 500 } });
    const outcomes = await chain.revoke(targets);
    expect(endKinds(outcomes)).toEqual(['revoked', 'stillLive', 'revoked']);
    expect(targets.map((target) => lives(sandbox, target))).toEqual([false, true, false]);
  });
});

describe('429', () => {
  test('waits as many seconds as Omi asks', async () => {
    sandbox.fault({ method: 'DELETE', effect: { status: 429, headers: { 'retry-after': '1' } } });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([{ kind: 'revoked' }]);
    const [first, second] = deletes(sandbox);
    if (!first || !second) throw new Error('two requests are needed');
    expect(second.at - first.at).toBeGreaterThanOrEqual(990);
  });

  test('waits until the time that Omi names', async () => {
    const at = Math.ceil(Date.now() / 1000 + 0.5) * 1000;
    const header = new Date(at).toUTCString();
    sandbox.fault({ method: 'DELETE', effect: { status: 429, headers: { 'retry-after': header } } });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([{ kind: 'revoked' }]);
    expect(deletes(sandbox)[1]?.at).toBeGreaterThanOrEqual(at - 10);
  });

  test('does not wait for an hour, but says so', async () => {
    everyDelete({ status: 429, headers: { 'retry-after': '3600' } });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([
      stillLive({ kind: 'rateLimited', retryAfter: 3_600_000 }),
    ]);
    expect(deletes(sandbox)).toHaveLength(1);
  });
});

describe('an answer that is lost', () => {
  test('the connection drops before Omi acted: tried again', async () => {
    sandbox.fault({ method: 'DELETE', times: 2, effect: { drop: 'before' } });
    expect(ends(await chain.revoke([named('prod-bot')]))).toEqual([{ kind: 'revoked' }]);
    expect(deletes(sandbox).map(({ status }) => status)).toEqual(['dropped', 'dropped', 204]);
  });

  test('the connection drops before Omi acted, each time', async () => {
    everyDelete({ drop: 'before' });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toMatchObject([
      stillLive({ kind: 'network', cause: 'interrupted' }),
    ]);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('the connection drops after Omi acted, each time: the list settles it', async () => {
    everyDelete({ drop: 'after' });
    const target = named('prod-bot');
    expect(ends(await chain.revoke([target]))).toEqual([{ kind: 'revoked' }]);
    expect(deletes(sandbox).every(({ status }) => status === 'dropped')).toBe(true);
    expect(lives(sandbox, target)).toBe(false);
  });

  test('an answer of 503 after Omi acted: the list settles it', async () => {
    everyDelete({ status: 503, act: true });
    expect(endKinds(await chain.revoke([named('prod-bot')]))).toEqual(['revoked']);
  });

  test('silent past the time limit, and still listed', async () => {
    const hasty = await hastyChain();
    everyDelete({ hang: true });
    const target = named('prod-bot');
    expect(ends(await hasty.revoke([target]))).toMatchObject([
      stillLive({ kind: 'network', cause: 'timeout' }),
    ]);
    expect(deletes(sandbox)).toHaveLength(2);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('silent once, then well', async () => {
    const hasty = await hastyChain();
    sandbox.fault({ method: 'DELETE', effect: { hang: true } });
    expect(endKinds(await hasty.revoke([named('prod-bot')]))).toEqual(['revoked']);
  });

  test('no server at all', async () => {
    const other = await startSandbox();
    const alone = openChain(other);
    await alone.signIn('ada');
    const target = targetOf(other, other.key('ada', 'prod-bot'));
    await other.close();
    const [end] = ends(await alone.revoke([target]));
    expect(end).toMatchObject(stillLive({ kind: 'network', cause: 'offline' }));
    alone.dispose();
  });
});
