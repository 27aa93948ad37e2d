import type { ListedKey } from '../omi/schemas';

/** What developer keys can be allowed to do (docs/omi-api.md, "Keys"). No scope manages keys. */
export const resources = ['conversations', 'memories', 'action_items', 'goals'] as const;
export type Resource = (typeof resources)[number];
export type Access = 'read' | 'write';

/** Every scope that a developer key can be given, resource by resource. */
export const allScopes: readonly string[] = resources.flatMap((name) => [`${name}:read`, `${name}:write`]);
export const readScopes: readonly string[] = resources.map((name) => `${name}:read`);

/** What a key may do, ready for words. */
export type ScopeSummary =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'readOnly' }
  | { readonly kind: 'fullAccess' }
  /** `other` holds scopes that this version does not know, as they are. */
  | {
      readonly kind: 'some';
      readonly read: readonly string[];
      readonly write: readonly string[];
      readonly other: readonly string[];
    };

/** Sums up what a key may do. Null scopes are the default: the four reads for developer keys, all for MCP keys. */
export function summarizeScopes({ family, scopes }: Pick<ListedKey, 'family' | 'scopes'>): ScopeSummary {
  if (scopes === null) return { kind: family === 'dev' ? 'readOnly' : 'fullAccess' };
  if (scopes.length === 0) return { kind: 'nothing' };
  const given = new Set(scopes);
  if (given.size === readScopes.length && readScopes.every((scope) => given.has(scope)))
    return { kind: 'readOnly' };
  if (given.size === allScopes.length && allScopes.every((scope) => given.has(scope)))
    return { kind: 'fullAccess' };
  const of = (access: Access): string[] =>
    unique(
      scopes.flatMap((scope) => {
        const match = /^([a-z_]+)[:.](read|write)$/.exec(scope);
        return match?.[2] === access && match[1] !== undefined ? [match[1]] : [];
      }),
    );
  const other = unique(scopes.filter((scope) => !/^[a-z_]+[:.](read|write)$/.test(scope)));
  return { kind: 'some', read: of('read'), write: of('write'), other };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
