/**
 * The part of VS Code's `when` clauses that this extension uses: names, `!name`, `==`, `!=` and `=~ /…/`, tied by `&&`
 * and `||`. Anything else throws, so that a new form is not silently taken for true.
 */
export type Facts = Readonly<Record<string, unknown>>;

interface Term {
  readonly name: string;
  readonly isNegated: boolean;
  readonly operator?: '==' | '!=' | '=~';
  readonly value?: string;
}

function readTerm(text: string): Term {
  const match = /^(!?)\s*([\w.]+)(?:\s*(==|!=|=~)\s*(.+))?$/.exec(text.trim());
  if (!match) throw new Error(`not understood in a when clause: ${text}`);
  const [, negation, name = '', operator, value] = match;
  const term = { name, isNegated: negation === '!' };
  if (operator === undefined || value === undefined) return term;
  return { ...term, operator: operator as '==' | '!=' | '=~', value: value.trim().replace(/^'(.*)'$/, '$1') };
}

function alternatives(clause: string): Term[][] {
  return clause.split('||').map((part) => part.split('&&').map(readTerm));
}

function isTrue({ name, isNegated, operator, value = '' }: Term, facts: Facts): boolean {
  const fact = name === 'true' ? true : facts[name];
  switch (operator) {
    case '==':
      return String(fact) === value;
    case '!=':
      return String(fact) !== value;
    case '=~': {
      const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/.exec(value) ?? [];
      return typeof fact === 'string' && new RegExp(source, flags).test(fact);
    }
    default:
      return Boolean(fact) !== isNegated;
  }
}

/** Whether a clause holds when these are the values of the context keys; all others are unset. */
export function holds(clause: string, facts: Facts): boolean {
  return alternatives(clause).some((terms) => terms.every((term) => isTrue(term, facts)));
}

/** The context keys that a clause asks for. */
export function identifiers(clause: string): string[] {
  return alternatives(clause)
    .flat()
    .map(({ name }) => name);
}

/** The values that a clause compares a context key with, by `==` or `!=`. */
export function valuesComparedWith(name: string, clause: string): string[] {
  return alternatives(clause)
    .flat()
    .flatMap((term) =>
      term.name === name && term.operator !== '=~' && term.value !== undefined ? [term.value] : [],
    );
}
