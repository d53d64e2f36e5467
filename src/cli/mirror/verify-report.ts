// SPDX-License-Identifier: Apache-2.0
import { FINDING_KINDS, type TargetFinding } from '../../mirror/verify/finding.ts';
import type { PruneOutcome } from '../../mirror/verify/prune-target.ts';
import type { VerifiedTarget } from '../../mirror/verify/verify-mirror.ts';
import { openJsonList } from '../json-list.ts';
import { sizeText } from '../size-text.ts';
import { table } from './mirror-report.ts';

/** What is said of findings as they come, and at the end. */
export interface VerifyReport {
  add(finding: TargetFinding): void;
  end(sum: VerifySum): void;
}

export interface VerifySum {
  readonly targets: readonly VerifiedTarget[];
  readonly objects: number;
  /** That were hashed. */
  readonly bytes: number;
  /** By target, when that was asked for and done. */
  readonly repaired: ReadonlyMap<string, number> | undefined;
  readonly pruned: ReadonlyMap<string, PruneOutcome>;
  /** Whether what would be pruned was pruned. */
  readonly isMeant: boolean;
  readonly problems: readonly string[];
}

/** Objects of one kind and target that are named to people. */
const NAMED = 10;

export function textReport(out: (text: string) => void): VerifyReport {
  const named = new Map<string, number>();
  return {
    add({ target, kind, object, size, problem }) {
      const count = (named.get(`${target} ${kind}`) ?? 0) + 1;
      named.set(`${target} ${kind}`, count);
      if (count > NAMED) return;
      const bytes = size === undefined ? '' : ` (${sizeText(size)})`;
      out(`${target}: ${kind}: ${object}${problem === undefined ? bytes : `: ${problem}`}\n`);
    },
    end(sum) {
      const { targets, objects, bytes, repaired, pruned } = sum;
      for (const { target, counts } of targets) {
        for (const kind of FINDING_KINDS) {
          const rest = counts[kind] - NAMED;
          if (rest > 0) out(`${target.name}: ${kind}: and ${rest} more\n`);
        }
      }
      out(`${objects} objects looked at, ${sizeText(bytes)} hashed\n`);
      out(countsText(targets));
      for (const [name, count] of repaired ?? []) out(`${name}: ${count} copied again\n`);
      for (const [name, outcome] of pruned) out(`${name}: ${pruneText(outcome, sum.isMeant)}\n`);
    },
  };
}

function countsText(targets: readonly VerifiedTarget[]): string {
  const rows = targets.map(({ target, counts }) => [
    target.name,
    ...FINDING_KINDS.map((kind) => String(counts[kind])),
  ]);
  return table(['target', ...FINDING_KINDS], rows);
}

function pruneText(outcome: PruneOutcome, isMeant: boolean): string {
  if (outcome.refused !== undefined) return `nothing is pruned: ${outcome.refused}`;
  const { withdrawn, deleted, waiting } = outcome;
  const [out, gone] = isMeant
    ? ['taken out of the index', 'deleted']
    : ['to be taken out of the index', 'to be deleted'];
  return `${withdrawn} ${out}, ${deleted} ${gone}, ${waiting} wait until their time is over`;
}

/** The same for programs, with all findings. */
export function jsonReport(out: (text: string) => void): VerifyReport {
  const list = openJsonList(out, 'findings');
  return {
    add: (finding) => list.add(finding),
    end({ targets, objects, bytes, repaired, pruned, isMeant, problems }) {
      const sums = targets.map(({ target: { name }, held, counts }) => ({
        name,
        held,
        ...counts,
        ...(repaired && { repaired: repaired.get(name) }),
        ...(pruned.has(name) && { prune: { isDone: isMeant, ...pruned.get(name) } }),
      }));
      list.end({ objects, bytes, targets: sums, problems });
    },
  };
}
