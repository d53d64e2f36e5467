// SPDX-License-Identifier: Apache-2.0
import type { Removable, Verdict } from '../../core/collection/plan-digest.ts';
import type { CollectStep } from '../../registry/collect/collect.ts';
import { sizeText } from '../size-text.ts';

/** Of one kind of outcome. */
interface Sum {
  /** Digests. */
  count: number;
  bytes: number;
  readonly repositories: Map<string, RepositorySum>;
}

interface RepositorySum {
  /** Blobs and manifests that the repository does not hold any more, or soon. */
  readonly links: number;
  readonly manifests: number;
  readonly bytes: number;
}

export type ReportedOutcome = CollectStep['outcome'] | Verdict;

export interface ReportedStep {
  readonly outcome: ReportedOutcome;
  readonly removable: Removable;
  /** Bytes. */
  readonly size: number;
}

/** What a collection does, added up as it goes. */
export interface CollectionReport {
  add(step: ReportedStep): void;
  /** What was condemned is looked at once more, and then added again. */
  beginAgain(): void;
  /** How many digests there were of an outcome. */
  count(...outcomes: readonly ReportedOutcome[]): number;
  text(isDryRun: boolean): string;
  json(): Readonly<Record<string, unknown>>;
}

export function collectionReport(): CollectionReport {
  const outcomes = new Map<ReportedOutcome, Sum>();
  const of = (outcome: ReportedOutcome): Sum => outcomes.get(outcome) ?? newSum();
  const add = ({ outcome, removable, size }: ReportedStep): void => {
    const sum = of(outcome);
    outcomes.set(outcome, sum);
    sum.count += 1;
    sum.bytes += removable.bytes ? size : 0;
    if (outcome === 'acquit' || outcome === 'spared') return;
    for (const repository of removable.links) {
      const isManifest = removable.manifests.includes(repository);
      addTo(sum.repositories, repository, { links: 1, manifests: isManifest ? 1 : 0, bytes: size });
    }
  };
  const repositories = () => {
    const all = new Map<string, RepositorySum>();
    for (const sum of outcomes.values()) {
      for (const [name, more] of sum.repositories) addTo(all, name, more);
    }
    return all;
  };
  return {
    add,
    beginAgain() {
      outcomes.delete('condemn');
      outcomes.delete('wait');
    },
    count: (...asked) => asked.reduce((sum, outcome) => sum + of(outcome).count, 0),
    text: (isDryRun) => [...table(repositories()), ...summary(of, isDryRun)].join(''),
    json: () => ({
      condemned: numbersOf(of('condemn')),
      waiting: numbersOf(of('wait')),
      deleted: numbersOf(of('swept')),
      wouldDelete: numbersOf(of('sweep')),
      spared: { count: of('acquit').count + of('spared').count },
      repositories: Object.fromEntries(sorted(repositories())),
    }),
  };
}

function newSum(): Sum {
  return { count: 0, bytes: 0, repositories: new Map() };
}

function addTo(sums: Map<string, RepositorySum>, name: string, more: RepositorySum): void {
  const { links, manifests, bytes } = sums.get(name) ?? { links: 0, manifests: 0, bytes: 0 };
  sums.set(name, {
    links: links + more.links,
    manifests: manifests + more.manifests,
    bytes: bytes + more.bytes,
  });
}

function numbersOf({ count, bytes }: Sum) {
  return { count, bytes };
}

function sorted(repositories: ReadonlyMap<string, RepositorySum>) {
  return [...repositories].sort(([one], [other]) => (one < other ? -1 : 1));
}

function table(repositories: ReadonlyMap<string, RepositorySum>): string[] {
  if (repositories.size === 0) return [];
  const rows = sorted(repositories).map(([name, { links, manifests, bytes }]) => [
    name,
    String(links),
    String(manifests),
    sizeText(bytes),
  ]);
  const all = [['repository', 'blobs and manifests', 'of them manifests', 'bytes'], ...rows];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  const lineOf = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return all.map((row) => `${lineOf(row).trimEnd()}\n`);
}

function summary(of: (outcome: ReportedOutcome) => Sum, isDryRun: boolean): string[] {
  const say = (outcome: ReportedOutcome, what: string) => {
    const { count, bytes } = of(outcome);
    return count === 0 ? [] : [`${what}: ${count}, ${sizeText(bytes)}\n`];
  };
  const lines = [
    ...say('swept', 'deleted'),
    ...say('sweep', 'would be deleted'),
    ...say('condemn', isDryRun ? 'would be condemned' : 'condemned, to be deleted later'),
    ...say('wait', 'condemned before, and not for long enough'),
    ...say('acquit', 'condemned before, and needed again or gone'),
    ...say('spared', 'needed again at the last moment'),
  ];
  return lines.length === 0 ? ['nothing to collect\n'] : lines;
}
