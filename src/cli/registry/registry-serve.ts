// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { DIRECTORY_OPTION } from './registry-options.ts';

export const registryServe: Command = {
  name: 'registry serve',
  summary: 'run a registry on a folder, or on a bucket of S3, Google or Azure',
  options: [
    {
      flags: '-c, --config <file>',
      description:
        'the configuration of the registry, read again when it changes and on SIGHUP; it stands in for the options below',
    },
    {
      flags: DIRECTORY_OPTION.flags,
      description: `${DIRECTORY_OPTION.description}; left out, ${DIRECTORY_OPTION.default}`,
    },
    { flags: '-H, --host <address>', description: 'the address to listen on; left out, 127.0.0.1' },
    {
      flags: '-p, --port <port>',
      description:
        'the port, and the one above it for the admin listener; left out, 5000; 0 takes any free ones',
    },
    { flags: '--read-only', description: 'only answer pulls' },
    { flags: '--create', description: 'make the folder if it is not there' },
  ],
  examples: [
    {
      line: 'archeion registry serve --directory ./registry --create',
      why: 'a registry for this machine, on http://localhost:5000',
    },
    { line: 'archeion registry serve --config registry.yaml', why: 'one for others, with TLS' },
  ],
  async run(input, io) {
    const [
      { loadRegistryConfig },
      { openRegistryStore },
      { openRegistryServices },
      { reloadOnChange },
      { untilAborted },
      { openLog },
    ] = await Promise.all([
      import('./registry-config.ts'),
      import('./registry-store.ts'),
      import('./registry-services.ts'),
      import('../reload-on-change.ts'),
      import('../until-aborted.ts'),
      import('../../log.ts'),
    ]);
    const load = () => loadRegistryConfig(input);
    const loaded = await load();
    const log = openLog(loaded.config.log.level, io.err);
    const storage = await openRegistryStore(loaded, input.options['create'] === true);
    const services = await openRegistryServices(loaded, storage, log);
    const { url, adminUrl } = services;
    log.info('listening', {
      registry: url,
      admin: adminUrl,
      config: loaded.origin,
      storage: storage.name,
    });
    const reload = async (next: typeof loaded) => services.reload(next);
    const endReloads = reloadOnChange(loaded, { load, reload, log, io });
    await untilAborted(io.stop);
    endReloads();
    log.info('draining', { grace: loaded.config.shutdown.grace });
    await services.stop();
    log.info('stopped');
    return EXIT.done;
  },
};
