// SPDX-License-Identifier: Apache-2.0
import { type KnownRepositories, knownRepositories } from '../core/routing/known-repositories.ts';
import { type ListChange, listChange } from '../core/routing/list-change.ts';
import type { RepositoryListResult } from '../core/routing/repository-list.ts';
import type { Log } from '../log.ts';

export interface RepositoryKeeperPorts {
  readonly source: 'file' | 'catalog';
  /** Everything there is. Never rejects: whatever is in doubt is a problem. */
  readonly read: () => Promise<RepositoryListResult>;
  /** The share of its names, 0 to 1, that a list may lose from one time to the next. */
  readonly mayShrinkBy: number;
  /** When aborted, nothing that is under way counts any more. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** Keeps the last good list of a source. */
export interface RepositoryKeeper {
  /** Undefined until there was one: then every name is let through. */
  known(): KnownRepositories | undefined;
  /** When the last good list was read; undefined until there was one. */
  refreshedAt(): number | undefined;
  /**
   * Reads the list again, one time after the other. Never rejects.
   *
   * @param serve puts what {@link known} says then into service; when it rejects, the list before stays
   */
  refresh(serve: () => Promise<void>): Promise<void>;
}

export function repositoryKeeper(ports: RepositoryKeeperPorts): RepositoryKeeper {
  const { source, read, mayShrinkBy, signal, now, log } = ports;
  let known: KnownRepositories | undefined;
  let refreshedAt: number | undefined;
  let lastProblem: string | undefined;
  let turn = Promise.resolve();

  /** One line each time something else is wrong, not each time it is looked at. */
  function refuse(problem: string): void {
    if (problem === lastProblem) return;
    lastProblem = problem;
    log.warn('repositories-refused', { source, problem, kept: known?.patterns.size });
  }

  function accept(change: ListChange, skipped: number): void {
    refreshedAt = now();
    lastProblem = undefined;
    if (!change.isNew) return;
    const { size: entries, added, removed } = change;
    log.info('repositories-loaded', { source, entries, added, removed, skipped });
  }

  async function refreshOnce(serve: () => Promise<void>): Promise<void> {
    const result = await read();
    if (signal.aborted) return;
    if (!result.ok) return refuse(result.problem);
    const before = known;
    const found = knownRepositories(result.patterns);
    const change = listChange(before?.patterns, found.patterns, mayShrinkBy);
    if (change.kind === 'refused') return refuse(change.problem);
    try {
      if (change.isNew) {
        known = found;
        await serve();
      }
      accept(change, result.skipped);
    } catch (error) {
      known = before;
      refuse(error instanceof Error ? error.message : String(error));
    }
  }

  return {
    known: () => known,
    refreshedAt: () => refreshedAt,
    refresh(serve) {
      turn = turn.then(() => refreshOnce(serve));
      return turn;
    },
  };
}
