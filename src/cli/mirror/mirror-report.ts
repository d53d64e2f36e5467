// SPDX-License-Identifier: Apache-2.0
import type { TargetTally } from '../../mirror/carry-out.ts';
import type { PreparedMirror } from '../../mirror/mirror.ts';
import type { CommandIo } from '../command.ts';
import { sizeText } from '../size-text.ts';
import type { MirrorProblems } from './mirror-problems.ts';

/** What is missing where, for people. */
export function planText(prepared: PreparedMirror): string {
  const { plan } = prepared;
  const rows = plan.targets.map(({ name, blobs, manifests, bytes }) => [
    name,
    String(blobs),
    String(manifests),
    sizeText(bytes),
  ]);
  return `${sourceText(prepared)}\n${table(['missing at', 'blobs', 'manifests', 'size'], rows)}`;
}

/** What became of a plan, for people. */
export function summaryText(prepared: PreparedMirror): string {
  const rows = [...prepared.tallies].map(([name, { copied, bytes, failed, lost }]) => [
    name,
    String(copied),
    sizeText(bytes),
    lost === undefined ? String(failed) : `${failed}, given up: ${lost}`,
  ]);
  return `${sourceText(prepared)}\n${table(['target', 'copied', 'size', 'failed'], rows)}`;
}

function sourceText({ plan, repositories, foreign, isPartial }: PreparedMirror): string {
  const { objects, bytes } = plan.wanted;
  const left = foreign === 0 ? '' : `; ${foreign} layers are to be had from elsewhere only`;
  const where = isPartial ? 'new in the source' : 'source';
  return `${where}: ${repositories} repositories, ${objects} objects, ${sizeText(bytes)}${left}`;
}

/** Columns as wide as they have to be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${[head, ...rows].map(line).join('\n')}\n`;
}

/** The same for programs. */
export function reportJson(prepared: PreparedMirror, problems: MirrorProblems): string {
  const { plan, repositories, isPartial, foreign, tallies } = prepared;
  const targets = plan.targets.map(({ name, ...missing }) => ({
    name,
    missing,
    done: doneOf(tallies.get(name)),
  }));
  const found = { repositories, isPartial, foreign, wanted: plan.wanted, targets };
  const wrong = { problems: problems.kept(), problemCount: problems.count() };
  return `${JSON.stringify({ ...found, ...wrong })}\n`;
}

function doneOf(tally: Readonly<TargetTally> | undefined) {
  if (tally === undefined) return undefined;
  const { moving: _, ...done } = tally;
  return done;
}

export function sayProblems(problems: MirrorProblems, io: CommandIo): void {
  for (const problem of problems.kept()) io.err(`archeion: ${problem}\n`);
  const rest = problems.count() - problems.kept().length;
  if (rest > 0) io.err(`archeion: and ${rest} more like these\n`);
}
