import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FaultEffect, SandboxKey } from '../../../sandbox/server';
import type { VaultTrouble } from '../../../src/account/sessionStore';
import type { KeyTarget } from '../../../src/keys/key';
import { PendingSecrets } from '../../../src/keys/pendingSecrets';
import {
  Rotations,
  type Rotation,
  type RotationProblem,
  type RotationStage,
} from '../../../src/keys/rotation';
import { parseBaseUrl } from '../../../src/omi/baseUrl';
import { createHttp } from '../../../src/omi/http';
import { createPulse } from '../../../src/omi/pulseApi';
import type { Result } from '../../../src/omi/result';
import { createRepeat } from '../../../src/omi/retry';
import { MemoryVault } from '../support/memoryVault';
import { failureOf, shortRetry, valueOf } from '../support/omiClient';
import { sandbox, withSandbox } from '../support/sandbox';
import { deletes, endKinds, gate, lives, openChain, targetOf, until, type Chain } from './chain';
import { MemoryJournal } from './memoryJournal';

/** What a start of the extension works with; the journal and the vault outlive it. */
interface Start {
  readonly chain: Chain;
  readonly pending: PendingSecrets;
  readonly rotations: Rotations;
}

let journal: MemoryJournal<Rotation>;
let vault: MemoryVault;
let starts: Start[];
let now: Start;
let old: SandboxKey;
let target: KeyTarget;

withSandbox();
beforeEach(async () => {
  journal = new MemoryJournal();
  vault = new MemoryVault();
  starts = [];
  now = await start();
  old = sandbox.addKey('ada', {
    name: 'robot',
    id: 'old',
    scopes: ['memories:read', 'goals:write'],
    createdAt: 5,
  });
  target = targetOf(sandbox, old);
});
afterEach(() => starts.forEach(close));

function close({ chain, pending }: Start): void {
  chain.dispose();
  pending.dispose();
}

async function start(account: 'ada' | 'grace' = 'ada', timeoutMs = 5000): Promise<Start> {
  const chain = openChain(sandbox, { timeoutMs });
  await chain.signIn(account);
  const pending = new PendingSecrets(vault.window());
  await pending.load();
  const http = createHttp({ userAgent: 'omi-api-keys/test', timeoutMs: () => timeoutMs });
  const rotations = new Rotations({
    journal,
    pending,
    creation: chain.keys.creation,
    revocation: chain.keys.revocation,
    pulse: createPulse({ http, repeat: createRepeat(shortRetry), now: Date.now }),
    base: () => {
      const base = parseBaseUrl(sandbox.url);
      if (!base.ok) throw new Error('no base address');
      return base;
    },
    now: Date.now,
  });
  const opened = { chain, pending, rotations };
  starts.push(opened);
  return opened;
}

/** The extension host is killed and starts again: what it had under way reaches neither journal nor vault any more. */
async function restart(): Promise<void> {
  const { text } = journal;
  const { entries } = vault;
  journal = new MemoryJournal();
  journal.text = text;
  vault = new MemoryVault();
  entries.forEach((value, name) => vault.entries.set(name, value));
  close(now);
  now = await start();
}

const signal = (): AbortSignal => new AbortController().signal;
const make = (of = target): Promise<Result<Rotation, RotationProblem>> => now.rotations.make(of, signal());
const prove = (one = current()) => now.rotations.prove(one, signal());
const finish = (one = current()) => now.rotations.finish(one, signal());
const undo = (one = current()) => now.rotations.undo(one, signal());
const place = (one = current()) => now.rotations.placed(one, ['OMI_API_KEY in .env']);
const befalls = (method: string, effect: FaultEffect, path?: RegExp, times = Infinity) =>
  sandbox.fault({ method, effect, times, ...(path ? { path } : {}) });
const keyRoute = /^\/v1\/dev\/key$/;
const posts = () => sandbox.requests.filter(({ method }) => method === 'POST');

/** The rotation as the journal has it. */
function current(): Rotation {
  return now.rotations.of(target.key.id) ?? expect.fail('no rotation is open');
}
function freshKey(): SandboxKey {
  const keys = sandbox
    .keys('ada', target.key.family)
    .filter(({ name, id }) => name === old.name && id !== old.id);
  return keys[0] ?? expect.fail('there is no new key');
}
/** Which of the two keys exist at Omi. */
function alive(): ('old' | 'new')[] {
  const keys = sandbox.keys('ada', target.key.family).filter(({ name }) => name === old.name);
  return keys.map(({ id }): 'old' | 'new' => (id === old.id ? 'old' : 'new')).toSorted();
}
const problemOf = (result: Result<Rotation, RotationProblem>): RotationProblem => failureOf(result);
const secretsInVault = (): string[] =>
  [...vault.entries.keys()].filter((name) => name.startsWith('omi.secret.'));

/** Takes a rotation up to a stage. */
async function reach(stage: Exclude<RotationStage, 'making'>): Promise<Rotation> {
  valueOf(await make());
  if (stage === 'made') return current();
  valueOf(await prove());
  if (stage === 'proven') return current();
  await place();
  if (stage === 'placed') return current();
  const fault = befalls('DELETE', { status: 503 });
  expect(problemOf(await finish()).kind).toBe('notRevoked');
  fault.clear();
  return current();
}

/** Goes on from wherever the journal stands, as the view does. */
async function goOn(): Promise<void> {
  if (current().stage === 'made') valueOf(await prove());
  if (current().stage === 'proven') await place();
  valueOf(await finish());
}

describe('the whole way', () => {
  test('of a developer key: made, proven alive, placed, the old one revoked', async () => {
    let told = 0;
    now.rotations.onDidChange(() => (told += 1));
    const made = valueOf(await make());
    const fresh = freshKey();
    expect(made).toMatchObject({
      stage: 'made',
      proof: null,
      places: [],
      old: target.key,
      fresh: { id: fresh.id },
    });
    expect(fresh.scopes).toEqual(old.scopes);
    expect((await now.rotations.secret(made)) === fresh.raw).toBe(true);
    expect(now.pending.keys).toMatchObject([{ key: { id: fresh.id }, isKept: false, replaces: 'old' }]);
    expect(now.rotations.of(fresh.id)).toEqual(current());

    expect(valueOf(await prove())).toMatchObject({ stage: 'proven', proof: 'alive', provenBy: 'keyRoute' });
    const proof = sandbox.requests.find(({ rawPath }) => keyRoute.test(rawPath));
    expect(proof?.bearer === fresh.raw).toBe(true);
    expect(await place()).toMatchObject({ stage: 'placed', places: ['OMI_API_KEY in .env'] });
    expect(deletes(sandbox)).toHaveLength(0);
    expect(alive()).toEqual(['new', 'old']);

    valueOf(await finish());
    expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual(['/v1/dev/keys/old']);
    expect(alive()).toEqual(['new']);
    expect(now.rotations.open).toEqual([]);
    expect(now.pending.keys).toEqual([]);
    expect(secretsInVault()).toEqual([]);
    expect(posts()).toHaveLength(1);
    expect(told).toBeGreaterThanOrEqual(5);
  });

  test('of an MCP key: Omi cannot tell whether it works, and no request is made with it', async () => {
    old = sandbox.addKey('ada', { family: 'mcp', name: 'robot', scopes: ['memories.read'] });
    target = targetOf(sandbox, old);
    valueOf(await make());
    expect(posts().map(({ rawPath, body }) => [rawPath, body])).toEqual([
      ['/v1/mcp/keys', '{"name":"robot"}'],
    ]);
    const { raw } = freshKey();
    expect(valueOf(await prove())).toMatchObject({ stage: 'proven', proof: 'untellable' });
    await place();
    valueOf(await finish());
    expect(alive()).toEqual(['new']);
    expect(sandbox.requests.some(({ bearer }) => bearer === raw)).toBe(false);
  });

  test('on an older server, by the data route', async () => {
    befalls('GET', { status: 404 }, keyRoute);
    expect(await reach('proven')).toMatchObject({ proof: 'alive', provenBy: 'dataRoute' });
  });

  test.each([
    ['the default', null],
    ['none', []],
  ])('scopes that are %s are asked for likewise', async (_, scopes) => {
    target = { ...target, key: { ...target.key, scopes } };
    valueOf(await make());
    expect(JSON.parse(posts()[0]?.body ?? '')).toEqual(
      scopes ? { name: 'robot', scopes } : { name: 'robot' },
    );
  });

  test('two at once, each with its own', async () => {
    const other = targetOf(sandbox, sandbox.key('ada', 'prod-bot'));
    const [one, two] = await Promise.all([make(), make(other)]);
    expect(now.rotations.open).toHaveLength(2);
    expect(valueOf(one).old.id).toBe('old');
    expect(valueOf(two).old.id).toBe(other.key.id);
    valueOf(await undo());
    expect(now.rotations.open.map(({ old: { name } }) => name)).toEqual(['prod-bot']);
    expect(lives(sandbox, other)).toBe(true);
  });

  test('begun twice, also at the same time, there is one', async () => {
    const [first, second] = await Promise.all([make(), make()]);
    expect(valueOf(second)).toEqual(valueOf(first));
    valueOf(await prove());
    expect(valueOf(await make()).stage).toBe('proven');
    expect(posts()).toHaveLength(1);
  });

  test('a secret that the person keeps in the vault stays there', async () => {
    await reach('proven');
    const { id, raw } = freshKey();
    await now.pending.keep(id);
    await place();
    valueOf(await finish());
    expect(now.rotations.open).toEqual([]);
    expect((await now.pending.read(id)) === raw).toBe(true);
    expect(now.pending.keys).toMatchObject([{ key: { id }, isKept: true }]);
  });
});

describe('the old key is safe until the new one is in place', () => {
  test.each(['made', 'proven'] as const)('finish at the stage "%s" does nothing', async (stage) => {
    const rotation = await reach(stage);
    const requests = sandbox.requests.length;
    expect(problemOf(await finish())).toMatchObject({ kind: 'notRevoked', end: { kind: 'untried' } });
    expect(problemOf(await finish({ ...rotation, stage: 'placed' })).kind).toBe('notRevoked');
    expect(sandbox.requestLines).toHaveLength(requests);
    expect(current()).toEqual(rotation);
  });

  test('a key that is not proven cannot be placed', async () => {
    await reach('made');
    expect((await place()).stage).toBe('made');
    expect(current().stage).toBe('made');
  });

  test('finish after the rotation was undone, from what was seen before: the old key lives', async () => {
    const seen = await reach('placed');
    valueOf(await undo());
    expect(problemOf(await finish(seen))).toMatchObject({ kind: 'notRevoked', end: { kind: 'untried' } });
    expect(alive()).toEqual(['old']);
    expect(now.rotations.open).toEqual([]);
  });

  test('undo after the rotation was finished: the new key lives', async () => {
    const seen = await reach('placed');
    valueOf(await finish());
    expect(problemOf(await undo(seen)).kind).toBe('notRevoked');
    expect(alive()).toEqual(['new']);
  });

  test('finish and undo at the same moment: one key lives', async () => {
    const seen = await reach('placed');
    await Promise.all([finish(seen), undo(seen)]);
    expect(alive()).toHaveLength(1);
    expect(now.rotations.open).toEqual([]);
  });

  test('steps on what is over bring nothing back', async () => {
    const seen = await reach('made');
    valueOf(await undo());
    expect(problemOf(await prove(seen))).toMatchObject({ kind: 'failed', failure: { kind: 'cancelled' } });
    await place({ ...seen, stage: 'proven' });
    await now.rotations.abandon(seen);
    expect(journal.read()).toEqual([]);
    expect(alive()).toEqual(['old']);
  });

  test('an older rotation of the same key does not stand for the present one', async () => {
    const seen = await reach('placed');
    valueOf(await undo());
    await reach('made');
    expect(problemOf(await finish(seen)).kind).toBe('notRevoked');
    expect(alive()).toEqual(['new', 'old']);
  });
});

test('to abandon what was seen earlier does not abandon the next rotation of that key', async () => {
  befalls('POST', { drop: 'after' });
  await make();
  const seen = current();
  await now.rotations.abandon(seen);
  expect(now.rotations.open).toEqual([]);
  await make();
  await now.rotations.abandon(seen);
  expect(current().stage).toBe('making');
});

describe.each(['made', 'proven', 'placed', 'revoking'] as const)('killed at the stage "%s"', (stage) => {
  test('it can be taken up', async () => {
    const before = await reach(stage);
    await restart();
    expect(current()).toEqual(before);
    expect((await now.rotations.secret(current())) === freshKey().raw).toBe(true);
    await goOn();
    expect(alive()).toEqual(['new']);
    expect(now.rotations.open).toEqual([]);
    expect(secretsInVault()).toEqual([]);
    expect(posts()).toHaveLength(1);
  });

  test('it can be undone: only the new key goes', async () => {
    await reach(stage);
    await restart();
    const fresh = freshKey();
    sandbox.clearRequests();
    valueOf(await undo());
    expect(deletes(sandbox).map(({ rawPath }) => rawPath)).toEqual([`/v1/dev/keys/${fresh.id}`]);
    expect(alive()).toEqual(['old']);
    expect(now.rotations.open).toEqual([]);
    expect(now.pending.keys).toEqual([]);
    expect(secretsInVault()).toEqual([]);
  });

  test('an undo that Omi refuses leaves it open', async () => {
    const before = await reach(stage);
    befalls('DELETE', { status: 503 });
    expect(problemOf(await undo())).toMatchObject({ kind: 'notRevoked', end: { kind: 'stillLive' } });
    expect(current()).toEqual(before);
    expect((await now.rotations.secret(current())) === freshKey().raw).toBe(true);
    sandbox.clearFaults();
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
  });
});

describe('killed while the new key is made', () => {
  /** Begins, and waits for a request that Omi holds back; gives the way to let Omi answer. */
  async function beginAndHold(method: string): Promise<() => void> {
    const { closed, open } = gate();
    sandbox.fault({ method, effect: { hold: closed } });
    void make().catch(() => undefined);
    await sandbox.waitForRequest({ method });
    return open;
  }

  test('before the request: nothing is lost, nothing was made', async () => {
    const open = await beginAndHold('GET');
    await restart();
    expect(current()).toMatchObject({ stage: 'making', fresh: null, known: null });
    sandbox.addKey('ada', { name: 'robot', id: 'of another window' });
    expect(valueOf(await now.rotations.findLost(current()))).toEqual([]);
    await now.rotations.abandon(current());
    expect(now.rotations.open).toEqual([]);
    open();
  });

  test('after Omi acted: the key is found, and no other of that name', async () => {
    const others = ['old', 'minutes ago'];
    sandbox.addKey('ada', { name: 'robot', id: 'minutes ago', createdAt: Date.now() - 60_000 });
    const open = await beginAndHold('POST');
    await restart();
    expect(valueOf(await now.rotations.findLost(current()))).toEqual([]);
    const made = (): string[] =>
      sandbox.keys('ada').flatMap(({ name, id }) => (name === 'robot' && !others.includes(id) ? [id] : []));
    open();
    await until('Omi has made the key', () => made().length === 1);
    const lost = valueOf(await now.rotations.findLost(current()));
    expect(lost.map(({ id }) => id)).toEqual(made());
    const targets = lost.map((key) => ({ accountId: target.accountId, key }));
    expect(endKinds(await now.chain.revoke(targets))).toEqual(['revoked']);
    expect(valueOf(await now.rotations.findLost(current()))).toEqual([]);
    await now.rotations.abandon(current());
    expect(now.rotations.open).toEqual([]);
    expect(lives(sandbox, target)).toBe(true);
  });

  test('between holding the secret and writing it down: it is not lost', async () => {
    const write = journal.write.bind(journal);
    journal.write = (entries) =>
      entries.some(({ stage }) => stage === 'made') ? new Promise(() => undefined) : write(entries);
    void make().catch(() => undefined);
    await until('the secret is held', () => now.pending.keys.length === 1);
    await restart();
    expect(journal.read()).toMatchObject([{ stage: 'making', fresh: null }]);
    expect(current()).toMatchObject({ stage: 'made', fresh: { id: freshKey().id } });
    expect(failureOf(await now.rotations.findLost(current()))).toMatchObject({ kind: 'failed' });
    await now.rotations.abandon(current());
    await goOn();
    expect(alive()).toEqual(['new']);
    expect(secretsInVault()).toEqual([]);
  });

  test('undone then, the new key goes', async () => {
    const write = journal.write.bind(journal);
    journal.write = (entries) =>
      entries.some(({ stage }) => stage === 'made') ? new Promise(() => undefined) : write(entries);
    void make().catch(() => undefined);
    await until('the secret is held', () => now.pending.keys.length === 1);
    await restart();
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
    expect(secretsInVault()).toEqual([]);
  });

  test('what cannot be looked up is no proof that nothing was made', async () => {
    const open = await beginAndHold('POST');
    await restart();
    const fault = befalls('GET', { status: 503 });
    expect(failureOf(await now.rotations.findLost(current()))).toMatchObject({
      kind: 'failed',
      failure: { kind: 'server' },
    });
    fault.clear();
    const empty = befalls('GET', { status: 200, body: [] });
    expect(failureOf(await now.rotations.findLost(current()))).toMatchObject({
      kind: 'failed',
      failure: { kind: 'protocol' },
    });
    empty.clear();
    await now.chain.signIn('grace');
    expect(failureOf(await now.rotations.findLost(current()))).toMatchObject({
      failure: { kind: 'unauthenticated' },
    });
    expect(now.rotations.open).toHaveLength(1);
    open();
  });
});

describe('making goes wrong', () => {
  test('the answer is lost: the new key is named, the rotation stays open', async () => {
    befalls('POST', { drop: 'after' });
    const problem = problemOf(await make());
    expect(problem).toMatchObject({ kind: 'secretLost', keys: [{ id: freshKey().id }] });
    expect(current()).toMatchObject({ stage: 'making', fresh: null });
    expect(posts()).toHaveLength(1);
    expect(valueOf(await now.rotations.findLost(current())).map(({ id }) => id)).toEqual([freshKey().id]);
    await restart();
    expect(valueOf(await now.rotations.findLost(current())).map(({ id }) => id)).toEqual([freshKey().id]);
    valueOf(await undo());
    expect(now.rotations.open).toEqual([]);
    expect(lives(sandbox, target)).toBe(true);
  });

  test.each<[string, FaultEffect, object]>([
    ['dropped before Omi acted', { drop: 'before' }, { kind: 'network' }],
    ['422', { status: 422, body: { detail: 'too many keys' } }, { kind: 'invalid', detail: 'too many keys' }],
    ['500', { status: 500 }, { kind: 'server' }],
  ])('%s: nothing is left open', async (_, effect, failure) => {
    befalls('POST', effect);
    expect(problemOf(await make())).toMatchObject({ kind: 'failed', failure });
    expect(now.rotations.open).toEqual([]);
    expect(alive()).toEqual(['old']);
    sandbox.clearFaults();
    expect(valueOf(await make()).stage).toBe('made');
  });

  test('the answer is lost and the list unreadable: it stays open until somebody knows', async () => {
    befalls('POST', { drop: 'after' });
    sandbox.fault({ method: 'GET', skip: 1, times: Infinity, effect: { status: 503 } });
    expect(problemOf(await make())).toMatchObject({ kind: 'failed', failure: { kind: 'network' } });
    expect(current().stage).toBe('making');
    sandbox.clearFaults();
    expect(valueOf(await now.rotations.findLost(current())).map(({ id }) => id)).toEqual([freshKey().id]);
  });

  test('the vault refuses: said so, the new key can be undone', async () => {
    vault.refuse((operation) => (operation === 'store' ? new Error('locked') : undefined));
    expect(problemOf(await make())).toEqual({ kind: 'vaultRefused', message: 'locked' });
    const seen = current();
    expect(seen).toMatchObject({ stage: 'made', fresh: { id: freshKey().id } });
    expect(problemOf(await finish()).kind).toBe('notRevoked');
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
    expect(now.rotations.open).toEqual([]);
    expect(await now.rotations.secret(seen)).toBeUndefined();
  });

  test('the vault refuses: until the next start the secret can still be placed', async () => {
    vault.refuse((operation) => (operation === 'store' ? new Error('locked') : undefined));
    expect(problemOf(await make()).kind).toBe('vaultRefused');
    expect((await now.rotations.secret(current())) === freshKey().raw).toBe(true);
    expect(valueOf(await prove())).toMatchObject({ stage: 'proven', proof: 'alive' });
    await place();
    valueOf(await finish());
    expect(alive()).toEqual(['new']);
  });

  test('the vault refuses, and VS Code restarts: the secret is gone, the new key can be undone', async () => {
    vault.refuse((operation) => (operation === 'store' ? new Error('locked') : undefined));
    expect(problemOf(await make()).kind).toBe('vaultRefused');
    await restart();
    expect(problemOf(await prove())).toEqual({ kind: 'secretGone' });
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
  });

  test('a journal that refuses: no request is sent', async () => {
    journal.refuses = true;
    await expect(make()).rejects.toThrow('the disk is full');
    expect(posts()).toEqual([]);
    journal.refuses = false;
    expect(valueOf(await make()).stage).toBe('made');
  });

  test('a key of another account is not made in this one', async () => {
    await now.chain.signIn('grace');
    sandbox.clearRequests();
    expect(problemOf(await make())).toMatchObject({ kind: 'failed', failure: { kind: 'unauthenticated' } });
    expect(sandbox.requestLines).toEqual([]);
    expect(now.rotations.open).toEqual([]);
  });
});

describe('proving goes wrong', () => {
  test('the new key is dead', async () => {
    await reach('made');
    sandbox.deleteKey('ada', freshKey().id);
    expect(problemOf(await prove())).toEqual({ kind: 'newKeyDead' });
    expect(current()).toMatchObject({ stage: 'made', proof: null });
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
  });

  test('the secret is gone', async () => {
    await reach('made');
    vault.entries.delete(`omi.secret.${freshKey().id}`);
    expect(problemOf(await prove())).toEqual({ kind: 'secretGone' });
    expect(current().stage).toBe('made');
    valueOf(await undo());
    expect(alive()).toEqual(['old']);
  });

  test('Omi is not there: later it is proven', async () => {
    await reach('made');
    const fault = befalls('GET', { status: 503 }, keyRoute);
    expect(problemOf(await prove())).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
    expect(current().stage).toBe('made');
    fault.clear();
    expect(valueOf(await prove()).stage).toBe('proven');
  });

  test('a page of a gateway proves nothing', async () => {
    await reach('made');
    befalls('GET', { html: true, status: 200 }, keyRoute);
    expect(problemOf(await prove())).toMatchObject({ kind: 'failed', failure: { kind: 'protocol' } });
    expect(current().stage).toBe('made');
  });
});

describe('one of the two keys was revoked meanwhile, in the list or elsewhere', () => {
  test.each(['placed', 'revoking'] as const)(
    'the new one, at "%s": the old one is not revoked',
    async (stage) => {
      await reach(stage);
      sandbox.deleteKey('ada', freshKey().id);
      sandbox.clearRequests();
      expect(problemOf(await finish())).toEqual({ kind: 'newKeyGone' });
      expect(deletes(sandbox)).toHaveLength(0);
      expect(alive()).toEqual(['old']);
      expect(current().stage).toBe(stage);
      valueOf(await undo());
      expect(alive()).toEqual(['old']);
      expect(now.rotations.open).toEqual([]);
    },
  );

  test.each(['made', 'proven', 'placed'] as const)(
    'the old one, at "%s": undo spares the new one',
    async (stage) => {
      await reach(stage);
      sandbox.deleteKey('ada', 'old');
      sandbox.clearRequests();
      expect(problemOf(await undo())).toEqual({ kind: 'oldKeyGone' });
      expect(deletes(sandbox)).toHaveLength(0);
      expect(alive()).toEqual(['new']);
      await goOn();
      expect(alive()).toEqual(['new']);
      expect(now.rotations.open).toEqual([]);
    },
  );

  test.each(['made', 'proven', 'placed'] as const)('both, at "%s": undo closes', async (stage) => {
    await reach(stage);
    sandbox.deleteKey('ada', freshKey().id);
    sandbox.deleteKey('ada', 'old');
    valueOf(await undo());
    expect(now.rotations.open).toEqual([]);
  });

  test('both, once the end of the old one was ordered: finish closes', async () => {
    await reach('revoking');
    sandbox.deleteKey('ada', freshKey().id);
    sandbox.deleteKey('ada', 'old');
    valueOf(await finish());
    expect(now.rotations.open).toEqual([]);
  });

  test('what cannot be looked up stops finish before anything is sent', async () => {
    await reach('placed');
    befalls('GET', { status: 503 });
    expect(problemOf(await finish())).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
    expect(deletes(sandbox)).toHaveLength(0);
    expect(current().stage).toBe('placed');
  });
});

describe('the end of the old key goes wrong', () => {
  test('503 for ever, then not', async () => {
    const { raw } = await reach('revoking').then(freshKey);
    befalls('DELETE', { status: 503 });
    for (let time = 0; time < 2; time += 1) {
      expect(problemOf(await finish())).toMatchObject({
        kind: 'notRevoked',
        end: { kind: 'stillLive', why: { kind: 'refused', failure: { status: 503 } } },
      });
      expect(current().stage).toBe('revoking');
      expect(alive()).toEqual(['new', 'old']);
      await restart();
    }
    expect((await now.rotations.secret(current())) === raw).toBe(true);
    sandbox.clearFaults();
    valueOf(await finish());
    expect(alive()).toEqual(['new']);
    expect(now.rotations.open).toEqual([]);
  });

  test('not confirmed: it stays open; undo then spares the new key, finish closes', async () => {
    await reach('placed');
    const fault = sandbox.fault({ method: 'GET', skip: 1, times: Infinity, effect: { status: 503 } });
    expect(problemOf(await finish())).toMatchObject({ kind: 'notRevoked', end: { kind: 'notConfirmed' } });
    expect(current().stage).toBe('revoking');
    expect(alive()).toEqual(['new']);
    expect(problemOf(await undo())).toMatchObject({ kind: 'failed', failure: { kind: 'server' } });
    fault.clear();
    expect(problemOf(await undo())).toEqual({ kind: 'oldKeyGone' });
    expect(alive()).toEqual(['new']);
    valueOf(await finish());
    expect(now.rotations.open).toEqual([]);
  });

  test('an empty list is no proof that may kill the new key', async () => {
    await reach('revoking');
    befalls('GET', { status: 200, body: [] });
    expect((await undo()).ok).toBe(false);
    expect(alive()).toEqual(['new', 'old']);
  });

  test('gone already: the rotation is over', async () => {
    await reach('placed');
    sandbox.deleteKey('ada', 'old');
    valueOf(await finish());
    expect(alive()).toEqual(['new']);
    expect(now.rotations.open).toEqual([]);
  });

  test('in another account nothing is sent, and it stays open', async () => {
    await reach('placed');
    await now.chain.signIn('grace');
    sandbox.clearRequests();
    expect(problemOf(await finish())).toMatchObject({
      kind: 'notRevoked',
      end: { kind: 'notInThisAccount' },
    });
    expect(problemOf(await undo())).toMatchObject({
      kind: 'notRevoked',
      end: { kind: 'notInThisAccount' },
    });
    expect(deletes(sandbox)).toHaveLength(0);
    expect(alive()).toEqual(['new', 'old']);
    expect(now.rotations.open).toHaveLength(1);
  });

  test('a vault that refuses to let go of the secret does not hold it up, and it is told', async () => {
    await reach('placed');
    const told: VaultTrouble[] = [];
    now.pending.onDidMeetTrouble((trouble) => told.push(trouble));
    vault.refuse((operation) => (operation === 'get' ? undefined : new Error('locked')));
    valueOf(await finish());
    expect(alive()).toEqual(['new']);
    expect(now.rotations.open).toEqual([]);
    expect(told).toEqual([{ kind: 'unavailable', during: 'delete', message: 'locked' }]);
  });

  test('killed between letting go of the secret and closing: finish closes', async () => {
    await reach('placed');
    const write = journal.write.bind(journal);
    journal.write = (entries) => (entries.length === 0 ? new Promise(() => undefined) : write(entries));
    void finish().catch(() => undefined);
    await until('the secret is let go', () => secretsInVault().length === 0);
    await restart();
    expect(current().stage).toBe('revoking');
    valueOf(await finish());
    expect(now.rotations.open).toEqual([]);
    expect(alive()).toEqual(['new']);
  });
});

test('no stage writes a secret anywhere but into its entry of the vault', async () => {
  await reach('revoking');
  const digits = [freshKey(), old].map(({ raw }) => raw?.slice(8) ?? expect.fail('no secret'));
  valueOf(await finish());
  const written = [
    ...journal.texts,
    vault.entries.get('omi.pending') ?? '',
    JSON.stringify(now.rotations.open),
  ];
  expect(journal.texts.length).toBeGreaterThanOrEqual(6);
  for (const secret of digits) expect(written.join('\n').includes(secret)).toBe(false);
});
