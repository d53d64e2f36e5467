// SPDX-License-Identifier: Apache-2.0

import type { Log } from '../log.ts';
import type { CommandIo } from './command.ts';
import { oneAfterAnother } from './in-turn.ts';
import type { Loaded } from './load-config.ts';
import { watchContent } from './watch-content.ts';

export interface ReloadPorts<Settings> {
  /** Reads the configuration as it is now. */
  readonly load: () => Promise<Loaded<Settings>>;
  readonly log: Log;
  readonly io: Pick<CommandIo, 'onHangup'>;
  /** Rejects when the configuration cannot be used; the old one then stays. */
  readonly reload: (next: Loaded<Settings>) => Promise<void>;
}

/** Reloads when the file changes and on SIGHUP; returns what ends that. */
export function reloadOnChange<Settings>(
  { file }: Loaded<Settings>,
  { load, reload, log, io }: ReloadPorts<Settings>,
): () => void {
  if (file === undefined) return () => {};
  const reloadOnce = async () => {
    try {
      await reload(await load());
      log.info('config-reloaded', { config: file });
    } catch (error) {
      // Whatever is wrong with the new one, the old one serves.
      log.error('config-refused', error, { config: file });
    }
  };
  // Reading included, or the older of two readings could come last.
  const inTurn = oneAfterAnother();
  const changed = () => void inTurn(reloadOnce);
  const endWatch = watchContent([file], changed);
  const endHangups = io.onHangup(changed);
  return () => {
    endWatch();
    endHangups();
  };
}
