// SPDX-License-Identifier: Apache-2.0

/** One number, and the bar it has to pass when there is one. */
export interface BenchResult {
  readonly metric: string;
  readonly measured: number;
  /** `req/s`, `ms`, `MiB`, or empty for a ratio. */
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export type Verdict = 'pass' | 'fail' | 'reported';

export function verdictOf({ measured, atLeast, atMost }: BenchResult): Verdict {
  if (atLeast === undefined && atMost === undefined) return 'reported';
  const isMet = measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity);
  return isMet ? 'pass' : 'fail';
}

export function formatTable(results: readonly BenchResult[]): string {
  const rows = [['metric', 'bar', 'measured', 'verdict'], ...results.map(rowOf)];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return lines.map((cells) => `${cells.join('  ').trimEnd()}\n`).join('');
}

/** Runs one benchmark by itself, when its file is the one that was started. */
export async function runAlone(bench: () => Promise<readonly BenchResult[]>): Promise<void> {
  const results = await bench();
  process.stdout.write(formatTable(results));
  if (results.some((result) => verdictOf(result) === 'fail')) process.exitCode = 1;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

function rowOf(result: BenchResult): string[] {
  const { metric, measured, unit, atLeast, atMost } = result;
  const bar = atLeast === undefined ? atMost : atLeast;
  const sign = atLeast === undefined ? '<=' : '>=';
  return [
    metric,
    bar === undefined ? '' : `${sign} ${formatNumber(bar)} ${unit}`.trim(),
    `${formatNumber(measured)} ${unit}`.trim(),
    verdictOf(result),
  ];
}

function formatNumber(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toString() : value.toFixed(2);
}
