// SPDX-License-Identifier: Apache-2.0
import type { FrontReplacement, Settle } from '../front/front-replacement.ts';
import type { LoadedConfig } from '../load-config.ts';

/** The two steps of a reload as they come in messages, of which the second may overtake the first. */
export interface PreparedState {
  /** @throws ConfigError */
  prepare(next: LoadedConfig): Promise<void>;
  /** Swaps what was prepared last, or forgets it; also when it is not ready yet. */
  settle(accept: boolean): void;
}

export function preparedState({ prepare }: Pick<FrontReplacement, 'prepare'>): PreparedState {
  let settle: Settle | undefined;
  let turn = 0;
  return {
    async prepare(next) {
      turn += 1;
      const mine = turn;
      const prepared = await prepare(next);
      if (mine === turn) settle = prepared;
      else prepared(false); // given up meanwhile
    },
    settle(accept) {
      turn += 1;
      settle?.(accept);
      settle = undefined;
    },
  };
}
