import { expect, test } from 'vitest';
import { allScopes, readScopes, summarizeScopes, type ScopeSummary } from '../../../src/keys/scopes';

const some = (read: string[], write: string[] = [], other: string[] = []): ScopeSummary => ({
  kind: 'some',
  read,
  write,
  other,
});

test('what can be given', () => {
  expect(allScopes).toHaveLength(8);
  expect(new Set(allScopes).size).toBe(8);
  expect(readScopes).toEqual(allScopes.filter((scope) => scope.endsWith(':read')));
});

test.each<[string, readonly string[] | null, ScopeSummary]>([
  ['the default', null, { kind: 'readOnly' }],
  ['none', [], { kind: 'nothing' }],
  ['the four reads', readScopes, { kind: 'readOnly' }],
  ['the four reads in another order', readScopes.toReversed(), { kind: 'readOnly' }],
  ['the four reads, one twice', [...readScopes, 'goals:read'], { kind: 'readOnly' }],
  ['all', allScopes, { kind: 'fullAccess' }],
  ['all in another order', allScopes.toReversed(), { kind: 'fullAccess' }],
  ['three reads', readScopes.slice(0, 3), some(['conversations', 'memories', 'action_items'])],
  [
    'seven of all',
    allScopes.slice(0, 7),
    some(
      ['conversations', 'memories', 'action_items', 'goals'],
      ['conversations', 'memories', 'action_items'],
    ),
  ],
  ['one write', ['goals:write'], some([], ['goals'])],
  ['read and write', ['memories:read', 'action_items:write'], some(['memories'], ['action_items'])],
  ['one twice', ['memories:read', 'memories:read', 'odd', 'odd'], some(['memories'], [], ['odd'])],
  ['a new resource', ['payments:read'], some(['payments'])],
  [
    'all and a new one',
    [...allScopes, 'admin'],
    some(
      ['conversations', 'memories', 'action_items', 'goals'],
      ['conversations', 'memories', 'action_items', 'goals'],
      ['admin'],
    ),
  ],
  [
    'the four reads and a new one',
    [...readScopes, 'admin'],
    some(['conversations', 'memories', 'action_items', 'goals'], [], ['admin']),
  ],
  [
    'unknown ones',
    ['admin', 'memories:delete', 'a:b:read', 'Memories:read', ':read', ''],
    some([], [], ['admin', 'memories:delete', 'a:b:read', 'Memories:read', ':read', '']),
  ],
])('developer key: %s', (_, scopes, summary) => {
  expect(summarizeScopes({ family: 'dev', scopes })).toEqual(summary);
});

test.each<[string, readonly string[] | null, ScopeSummary]>([
  ['the default', null, { kind: 'fullAccess' }],
  ['none', [], { kind: 'nothing' }],
  ['with dots', ['memories.read', 'memories.write'], some(['memories'], ['memories'])],
  ['dots and colons of the same', ['memories.read', 'memories:read'], some(['memories'])],
  ['unknown ones', ['memories.search'], some([], [], ['memories.search'])],
])('MCP key: %s', (_, scopes, summary) => {
  expect(summarizeScopes({ family: 'mcp', scopes })).toEqual(summary);
});
