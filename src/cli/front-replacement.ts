// SPDX-License-Identifier: Apache-2.0
import type { FrontState } from './front-state.ts';
import type { LoadedConfig } from './load-config.ts';

/** Replaces what the front serves by, one after the other: none brings back what the one before it replaced. */
export interface FrontReplacement {
  /** The configuration in force. */
  current(): LoadedConfig;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  /**
   * The same configuration with what has changed beside it.
   *
   * @throws ConfigError when one of its tests fails by that; what was there stays
   */
  rebuild(): Promise<void>;
}

export function replaceInTurn(
  loaded: LoadedConfig,
  state: Pick<FrontState, 'replace'>,
): FrontReplacement {
  let current = loaded;
  const inTurn = oneAfterAnother();
  return {
    current: () => current,
    reload: (next) =>
      inTurn(async () => {
        await state.replace(next);
        current = next;
      }),
    rebuild: () => inTurn(() => state.replace(current)),
  };
}

function oneAfterAnother(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    // Whoever asked hears of a failure; the next one is not concerned.
    last = result.catch(() => undefined);
    return result;
  };
}
