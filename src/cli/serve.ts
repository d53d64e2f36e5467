// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT, optionText } from './command.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'run the front: redirect every pull to the best copy',
  options: [
    {
      flags: '-c, --config <file>',
      description:
        "the configuration; without it ARCHEION_CONFIG names it, or archeio's environment variables stand in for it",
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
    const loaded = await loadConfig(optionText(input, 'config'), io.env);
    const log = openLog(loaded.config.log.level, io.err);
    const front = await openFront(loaded, log);
    log.info('listening', { front: front.url, admin: front.adminUrl, config: loaded.origin });
    await untilAborted(io.stop);
    log.info('draining', { grace: loaded.config.shutdown.grace });
    await front.stop();
    log.info('stopped');
    return EXIT.done;
  },
};

export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
