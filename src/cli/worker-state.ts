// SPDX-License-Identifier: Apache-2.0
import type { FrontState } from './front-state.ts';
import type { LoadedConfig } from './load-config.ts';

/** A state that changes in two steps, so that all workers change or none does. */
export interface PreparedState {
  /** @throws ConfigError */
  prepare(next: LoadedConfig): Promise<void>;
  /** Swaps what was prepared last, or forgets it; also when it is not ready yet. */
  settle(accept: boolean): void;
}

export function preparedState(state: Pick<FrontState, 'prepare'>): PreparedState {
  let swap: (() => void) | undefined;
  let turn = 0;
  return {
    async prepare(next) {
      turn += 1;
      const mine = turn;
      swap = undefined;
      const made = await state.prepare(next);
      if (mine === turn) swap = made;
    },
    settle(accept) {
      turn += 1;
      if (accept) swap?.();
      swap = undefined;
    },
  };
}
