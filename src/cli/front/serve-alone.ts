// SPDX-License-Identifier: Apache-2.0
import { EXIT, type ExitCode } from '../command.ts';
import type { LoadedConfig } from '../load-config.ts';
import { reloadOnChange } from '../reload-on-change.ts';
import { untilAborted } from '../until-aborted.ts';
import { openFront } from './compose.ts';
import type { ServePorts } from './serve-ports.ts';

/** The front, its admin listener and everything else in this process. */
export async function serveAlone(
  loaded: LoadedConfig,
  { load, log, io }: ServePorts,
): Promise<ExitCode> {
  const front = await openFront(loaded, log);
  log.info('listening', { front: front.url, admin: front.adminUrl, config: loaded.origin });
  const endReloads = reloadOnChange(loaded, { load, reload: front.reload, log, io });
  await untilAborted(io.stop);
  endReloads();
  log.info('draining', { grace: loaded.config.shutdown.grace });
  await front.stop();
  log.info('stopped');
  return EXIT.done;
}
