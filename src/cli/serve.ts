// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import { type Command, type CommandIo, EXIT, optionText } from './command.ts';
import type { Front } from './compose.ts';
import type { LoadedConfig } from './load-config.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'run the front: redirect every pull to the best copy',
  options: [
    {
      flags: '-c, --config <file>',
      description:
        "the configuration, read again when it changes and on SIGHUP; without it ARCHEION_CONFIG names it, or archeio's environment variables stand in for it",
    },
  ],
  examples: [
    { line: 'archeion serve --config archeion.yaml', why: 'serve what the file says' },
    {
      line: 'UPSTREAM_REGISTRY_ENDPOINT=https://registry.example.org archeion serve',
      why: 'run in place of archeio, with its environment',
    },
  ],
  async run(input, io) {
    const [{ loadConfig }, { openFront }, { openLog }] = await Promise.all([
      import('./load-config.ts'),
      import('./compose.ts'),
      import('../log.ts'),
    ]);
    const load = () => loadConfig(optionText(input, 'config'), io.env);
    const loaded = await load();
    const log = openLog(loaded.config.log.level, io.err);
    const front = await openFront(loaded, log);
    log.info('listening', { front: front.url, admin: front.adminUrl, config: loaded.origin });
    const endReloads = await reloadOnChange(loaded, { load, front, log, io });
    await untilAborted(io.stop);
    endReloads();
    log.info('draining', { grace: loaded.config.shutdown.grace });
    await front.stop();
    log.info('stopped');
    return EXIT.done;
  },
};

interface ReloadPorts {
  readonly load: () => Promise<LoadedConfig>;
  readonly front: Front;
  readonly log: Log;
  readonly io: CommandIo;
}

async function reloadOnChange(
  { file }: LoadedConfig,
  { load, front, log, io }: ReloadPorts,
): Promise<() => void> {
  if (file === undefined) return () => {};
  const reloadOnce = async () => {
    try {
      await front.reload(await load());
      log.info('config-reloaded', { config: file });
    } catch (error) {
      // Whatever is wrong with the new one, the old one serves.
      log.error('config-refused', error, { config: file });
    }
  };
  // One after the other, reading included, or the older of two readings could come last.
  let turn = Promise.resolve();
  const reload = () => {
    turn = turn.then(reloadOnce);
  };
  const { watchContent } = await import('./watch-content.ts');
  const endWatch = watchContent([file], reload);
  const endHangups = io.onHangup(reload);
  return () => {
    endWatch();
    endHangups();
  };
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
