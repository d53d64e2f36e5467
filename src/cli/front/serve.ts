// SPDX-License-Identifier: Apache-2.0
import { type Command, optionText, UsageError } from '../command.ts';

const MOST_WORKERS = 64;

export const serve: Command = {
  name: 'serve',
  summary: 'run the front: redirect every pull to the best copy',
  options: [
    {
      flags: '-c, --config <file>',
      description:
        "the configuration, read again when it changes and on SIGHUP; without it ARCHEION_CONFIG names it, or archeio's environment variables stand in for it",
    },
    {
      flags: '-w, --workers <count>',
      description: `processes that share the port, 1 to ${MOST_WORKERS}; else what the configuration says`,
    },
  ],
  examples: [
    { line: 'archeion serve --config archeion.yaml', why: 'serve what the file says' },
    {
      line: 'UPSTREAM_REGISTRY_ENDPOINT=https://registry.example.org archeion serve',
      why: 'run in place of archeio, with its environment',
    },
    { line: 'archeion serve --workers 4', why: 'use four cores' },
  ],
  async run(input, io) {
    const given = parseWorkers(optionText(input, 'workers'));
    const [{ loadConfig }, { openLog }, { warningsOf }] = await Promise.all([
      import('../load-config.ts'),
      import('../../log.ts'),
      import('../../config/warnings.ts'),
    ]);
    const load = async () => {
      const { config, ...rest } = await loadConfig(optionText(input, 'config'), io.env);
      return { config: { ...config, workers: given ?? config.workers }, ...rest };
    };
    const loaded = await load();
    const log = openLog(loaded.config.log.level, io.err);
    for (const warning of warningsOf(loaded.config)) log.warn('config-warning', { warning });
    const ports = { load, log, io };
    if (loaded.config.workers > 1) {
      const { serveWorkers } = await import('../workers/serve-workers.ts');
      return serveWorkers(loaded, ports);
    }
    const { serveAlone } = await import('./serve-alone.ts');
    return serveAlone(loaded, ports);
  },
};

function parseWorkers(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_WORKERS) return count;
  throw new UsageError(`--workers ${text}: expected a number from 1 to ${MOST_WORKERS}`);
}
