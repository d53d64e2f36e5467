// SPDX-License-Identifier: Apache-2.0

import { oneAfterAnother } from '../in-turn.ts';
import type { LoadedConfig } from '../load-config.ts';
import type { FrontState } from './front-state.ts';

/** Puts what was prepared into service, or forgets it. */
export type Settle = (accept: boolean) => void;

/** Replaces what the front serves by, one after the other: none brings back what the one before it replaced. */
export interface FrontReplacement {
  /** The configuration in force. */
  current(): LoadedConfig;
  /**
   * Makes everything for the next configuration. Until it is settled nothing else is replaced.
   *
   * @throws ConfigError when the configuration cannot be used; there is nothing to settle then
   */
  prepare(next: LoadedConfig): Promise<Settle>;
  /**
   * The same configuration with what has changed beside it.
   *
   * @throws ConfigError when one of its tests fails by that; what was there stays
   */
  rebuild(): Promise<void>;
}

export function replaceInTurn(
  loaded: LoadedConfig,
  state: Pick<FrontState, 'prepare'>,
): FrontReplacement {
  let current = loaded;
  const inTurn = oneAfterAnother();
  return {
    current: () => current,
    prepare(next) {
      const prepared = Promise.withResolvers<Settle>();
      const turn = inTurn(async () => {
        const swap = await state.prepare(next);
        const settled = Promise.withResolvers<void>();
        prepared.resolve((accept) => {
          settled.resolve();
          if (!accept) return;
          swap();
          current = next;
        });
        await settled.promise;
      });
      turn.catch(prepared.reject);
      return prepared.promise;
    },
    rebuild: () =>
      inTurn(async () => {
        const swap = await state.prepare(current);
        swap();
      }),
  };
}
