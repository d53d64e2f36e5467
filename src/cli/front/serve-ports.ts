// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../../log.ts';
import type { CommandIo } from '../command.ts';
import type { LoadedConfig } from '../load-config.ts';

/** What serving needs, in one process or in several. */
export interface ServePorts {
  /** Reads the configuration as it is now. */
  readonly load: () => Promise<LoadedConfig>;
  readonly log: Log;
  readonly io: CommandIo;
}
