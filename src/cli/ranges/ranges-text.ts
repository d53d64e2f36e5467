// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../../core/net/cloud-region.ts';
import { formatPrefix } from '../../core/net/prefix.ts';
import { type RangeDiff, shareAdded, shareMoved } from '../../core/net/range-diff.ts';
import type { RefreshOutcome } from '../../ranges/refresh.ts';

/** What became of a feed, for people. */
export function outcomeText(outcome: RefreshOutcome): string {
  return `${outcome.feed}: ${said(outcome)}\n`;
}

function said(outcome: RefreshOutcome): string {
  switch (outcome.kind) {
    case 'unchanged':
      return 'unchanged';
    case 'updated': {
      const { entries, diff } = outcome;
      const change = diff === undefined ? 'the first copy' : sumsText(diff);
      return `updated, ${entries} prefixes; ${change}`;
    }
    case 'refused':
      return ['refused, the old copy stays', ...shortened(outcome.reasons)].join('\n  ');
    case 'failed':
      return `failed, the old copy stays: ${messageOf(outcome.error)}`;
    case 'skipped':
      return 'left as it is: no address is known to fetch it from';
  }
}

const MOST_REASONS = 5;

function shortened(reasons: readonly string[]): readonly string[] {
  const omitted = reasons.length - MOST_REASONS;
  return omitted > 0 ? [...reasons.slice(0, MOST_REASONS), `and ${omitted} more`] : reasons;
}

/** The same for programs. */
export function outcomeData(outcome: RefreshOutcome): unknown {
  switch (outcome.kind) {
    case 'failed':
      return { ...outcome, error: messageOf(outcome.error) };
    case 'updated':
      return { ...outcome, diff: outcome.diff && diffData(outcome.diff) };
    case 'unchanged':
    case 'refused':
    case 'skipped':
      return outcome;
  }
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}

/** What a diff sums up to, and then its changes, a line each. */
export function diffText(diff: RangeDiff): string {
  const lines = diff.changes.map(
    ({ prefix, from, to }) => `  ${formatPrefix(prefix)}  ${placeText(from)} -> ${placeText(to)}\n`,
  );
  const omitted = diff.omitted > 0 ? `  and ${diff.omitted} narrower stretches\n` : '';
  return `${sumsText(diff)}\n${lines.join('')}${omitted}`;
}

export function diffData({ ipv4, ipv6, changes, omitted }: RangeDiff): unknown {
  const data = (sums: RangeDiff['ipv4']) => ({
    ...sums,
    shareMoved: shareMoved(sums),
    shareAdded: shareAdded(sums),
  });
  const rows = changes.map(({ prefix, from, to }) => ({ prefix: formatPrefix(prefix), from, to }));
  return { ipv4: data(ipv4), ipv6: data(ipv6), changes: rows, omitted };
}

function sumsText({ ipv4, ipv6 }: RangeDiff): string {
  return (['IPv4', 'IPv6'] as const)
    .map((family) => {
      const sums = family === 'IPv4' ? ipv4 : ipv6;
      return `${family}: ${percent(shareMoved(sums))} moved or gone, ${percent(shareAdded(sums))} new`;
    })
    .join('; ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function placeText(place: CloudRegion | undefined): string {
  return place === undefined ? 'nobody' : `${place.cloud}/${place.region}`;
}

/** Columns side by side; numbers to the right. */
export function tableText(rows: ReadonlyArray<readonly (string | number)[]>): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length)),
  );
  const cellText = (cell: string | number, width: number) =>
    typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
  const lines = rows.map((row) => row.map((cell, column) => cellText(cell, widths[column] ?? 0)));
  return lines.map((cells) => `${cells.join('  ').trimEnd()}\n`).join('');
}
