// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';

export const configCheck: Command = {
  name: 'config check',
  summary:
    'say whether a configuration would be accepted, everything that is wrong with it, which of its tests fail, and what is worth a warning',
  args: [{ name: '<file>', description: 'the configuration' }],
  examples: [{ line: 'archeion config check archeion.yaml', why: 'before it is rolled out' }],
  async run({ args }, io) {
    const [
      { loadConfig },
      { readCertificate },
      { openGeneration },
      { readSecrets },
      { checkPullLog },
      { repositoriesNow },
      { openLog },
      { warningsOf },
    ] = await Promise.all([
      import('../load-config.ts'),
      import('../front/front-certificate.ts'),
      import('../front/front-generation.ts'),
      import('../front/front-secrets.ts'),
      import('../front/pull-log.ts'),
      import('../front/repository-sources.ts'),
      import('../../log.ts'),
      import('../../config/warnings.ts'),
    ]);
    // Each throws a ConfigError with every problem it finds.
    const loaded = await loadConfig(args[0], {});
    readCertificate(loaded);
    await readSecrets(loaded);
    await checkPullLog(loaded);
    const log = openLog('warn', io.err);
    await openGeneration(loaded, {
      repositories: await repositoriesNow(loaded, { log, signal: io.stop }),
      log,
    });
    for (const warning of warningsOf(loaded.config)) io.err(`warning: ${warning}\n`);
    const { length } = loaded.config.tests;
    io.out(`${loaded.origin}: ok${length > 0 ? `, ${length} routes as expected` : ''}\n`);
    return EXIT.done;
  },
};
