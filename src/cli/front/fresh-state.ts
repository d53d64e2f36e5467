// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { LoadedConfig } from '../load-config.ts';
import { type FrontReplacement, replaceInTurn } from './front-replacement.ts';
import { openFrontRepositories } from './front-repositories.ts';
import { type FrontState, openFrontState } from './front-state.ts';

/** The state of the front, with what replaces it while it serves. */
export interface FreshState extends FrontReplacement {
  readonly state: FrontState;
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
  const keepCurrent = () => repositories.keepOnly(replacement.current());
  return {
    ...replacement,
    state,
    async prepare(next) {
      const settle = await replacement.prepare(next).catch((error: unknown) => {
        keepCurrent();
        throw error;
      });
      return (accept) => {
        settle(accept);
        keepCurrent();
      };
    },
    end: repositories.close,
    async close() {
      repositories.close();
      await state.close();
    },
  };
}
