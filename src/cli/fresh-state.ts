// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type FrontReplacement, replaceInTurn } from './front-replacement.ts';
import { openFrontRepositories } from './front-repositories.ts';
import { type FrontState, openFrontState } from './front-state.ts';
import type { LoadedConfig } from './load-config.ts';
import { keepRangesFresh } from './ranges-in-front.ts';

/** The state of the front, with everything that replaces it while it serves. */
export interface FreshState {
  readonly state: FrontState;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  /** Nothing is refreshed any more; what is there goes on serving. */
  end(): void;
  close(): Promise<void>;
}

export interface FreshStatePorts {
  readonly log: Log;
  readonly metrics: Metrics;
}

export async function openFreshState(
  loaded: LoadedConfig,
  ports: FreshStatePorts,
): Promise<FreshState> {
  const opened = Promise.withResolvers<FrontReplacement>();
  const repositories = openFrontRepositories({
    ...ports,
    changed: async () => (await opened.promise).rebuild(),
  });
  const { knownOf } = repositories;
  const state = await openFrontState(loaded, { ...ports, knownOf }).catch((error: unknown) => {
    repositories.close();
    throw error;
  });
  const replacement = replaceInTurn(loaded, state);
  opened.resolve(replacement);
  const ranges = keepRangesFresh({ ...ports, replacement });
  const end = () => {
    ranges.close();
    repositories.close();
  };
  return {
    state,
    async reload(next) {
      try {
        await replacement.reload(next);
      } finally {
        repositories.keepOnly(replacement.current());
      }
      await ranges.restart();
    },
    end,
    async close() {
      end();
      await state.close();
    },
  };
}
