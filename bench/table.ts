/** Numbers of several rounds; the middle one is what counts. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** One thing that was measured beside its base line, round by round, in milliseconds. */
export interface Comparison {
  readonly what: string;
  readonly ours: readonly number[];
  readonly base: readonly number[];
}

/** Holds that the median ratio of each is not above a limit; else the command ends as a failure, once all is measured. */
export function expectAtMost(limit: number, rows: readonly Comparison[]): void {
  for (const row of rows) {
    if (median(ratiosOf(row)) <= limit) continue;
    console.log(`  More than ${String(limit)} times: ${row.what}`);
    process.exitCode = 1;
  }
}

/** Ratios of each round, so that both had the same machine. */
function ratiosOf({ ours, base }: Comparison): readonly number[] {
  return ours.map((value, round) => value / (base[round] ?? NaN));
}

/** Prints medians with least and most, and those of the ratios. */
export function printComparisons(title: string, base: string, rows: readonly Comparison[]): void {
  const head = ['', 'Omi API Keys (ms)', `${base} (ms)`, 'ratio'];
  const body = rows.map((row) => [row.what, spread(row.ours), spread(row.base), spread(ratiosOf(row), 2)]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of [head, ...body]) {
    console.log(`  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd());
  }
}

function spread(values: readonly number[], digits = median(values) < 1 ? 3 : 1): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(digits),
  );
  return `${middle ?? ''} (${least ?? ''}–${most ?? ''})`;
}
