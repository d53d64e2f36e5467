// SPDX-License-Identifier: Apache-2.0
import type { KnownRepositories } from '../../core/routing/known-repositories.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { type RepositoryKeeper, repositoryKeeper } from '../../redirector/repository-keeper.ts';
import type { LoadedConfig } from '../load-config.ts';
import { repeat } from '../repeat.ts';
import { watchContent } from '../watch-content.ts';
import {
  listedRepositories,
  type RepositorySource,
  readSource,
  repositorySource,
} from './repository-sources.ts';

/** The repositories that exist, kept up to date beside everything else. */
export interface FrontRepositories {
  /** For the next generation: undefined when nobody says which there are, or nobody could be believed yet. */
  knownOf(loaded: LoadedConfig): Promise<KnownRepositories | undefined>;
  /** Looks again at the source of the configuration in force, and at no other any more. */
  keepOnly(loaded: LoadedConfig): void;
  close(): void;
}

export interface FrontRepositoriesPorts {
  /** Makes a generation with what is known now. Rejects when that cannot be served. */
  readonly changed: () => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

interface Watch {
  readonly keeper: RepositoryKeeper;
  /** Resolves when the list may be asked for: what lies on this machine is waited for. */
  readonly ready: Promise<void>;
  look(): void;
  end(): void;
}

export function openFrontRepositories(ports: FrontRepositoriesPorts): FrontRepositories {
  // One, and for a moment a second: that of a configuration that is being tried.
  const watches = new Map<string, Watch>();
  const watchOf = (source: RepositorySource): Watch => {
    const key = JSON.stringify(source);
    const watch = watches.get(key) ?? openWatch(source, ports);
    watches.set(key, watch);
    return watch;
  };
  exposeRefresh(ports.metrics, () => [...watches.values()].map(({ keeper }) => keeper));
  return {
    async knownOf(loaded) {
      const source = repositorySource(loaded);
      if (source === undefined) return listedRepositories(loaded);
      const watch = watchOf(source);
      await watch.ready;
      return watch.keeper.known();
    },
    keepOnly(loaded) {
      const kept = JSON.stringify(repositorySource(loaded));
      for (const [key, watch] of watches) {
        if (key === kept) watch.look();
        else {
          watch.end();
          watches.delete(key);
        }
      }
    },
    close() {
      for (const watch of watches.values()) watch.end();
    },
  };
}

function openWatch(source: RepositorySource, { changed, log }: FrontRepositoriesPorts): Watch {
  const stop = new AbortController();
  const { signal } = stop;
  const keeper = repositoryKeeper({
    source: source.kind,
    read: () => readSource(source, { signal, log }),
    // What an operator writes is meant.
    mayShrinkBy: source.kind === 'file' ? 1 : source.mayShrinkBy,
    signal,
    now: Date.now,
    log,
  });
  const isHere = source.kind === 'file';
  // Whoever opens it waits for what is here, and is about to make a generation with it.
  let serve = isHere ? async () => {} : changed;
  const { first, end } = repeat(() => keeper.refresh(() => serve()), source.refresh);
  const settled = first.then(() => {
    serve = changed;
  });
  const look = () => void keeper.refresh(changed);
  const endWatch = isHere ? watchIfThere(source.file, look) : () => {};
  return {
    keeper,
    ready: isHere ? settled : Promise.resolve(),
    look,
    end() {
      stop.abort();
      end();
      endWatch();
    },
  };
}

function watchIfThere(file: string, changed: () => void): () => void {
  try {
    return watchContent([file], changed);
  } catch {
    return () => {}; // its folder is not there; `refresh` looks again
  }
}

function exposeRefresh(metrics: Metrics, keepers: () => readonly RepositoryKeeper[]): void {
  metrics.gauge(
    'archeion_known_repositories_refreshed_seconds',
    'When the list of repositories was last read and believed, in seconds since 1970.',
    {
      across: 'min',
      read() {
        const times = keepers().map((keeper) => keeper.refreshedAt() ?? 0);
        const last = Math.max(0, ...times);
        return last === 0 ? [] : [{ labels: {}, value: last / 1_000 }];
      },
    },
  );
}
