// SPDX-License-Identifier: Apache-2.0
import { type Command, type CommandIo, EXIT } from '../command.ts';
import { kindOfFile, REGISTRY_OPTION } from './is-registry-file.ts';

export const configCheck: Command = {
  name: 'config check',
  summary:
    'say whether a configuration of the front, the registry or the mirror would be accepted, everything that is wrong with it, which of its tests fail, and what is worth a warning',
  args: [{ name: '<file>', description: 'the configuration' }],
  options: [REGISTRY_OPTION],
  examples: [
    { line: 'archeion config check archeion.yaml', why: 'before it is rolled out' },
    {
      line: 'archeion config check registry.yaml',
      why: 'that of a registry, with its certificate, passwords, key and secrets; its store is not looked at',
    },
    {
      line: 'archeion config check mirror.yaml',
      why: 'that of a mirror, and no file that it names',
    },
  ],
  async run(input, io) {
    const [file = ''] = input.args;
    await CHECKS[await kindOfFile(input, file)](file, io);
    return EXIT.done;
  },
};

const CHECKS = { front: checkFront, registry: checkRegistry, mirror: checkMirror };

async function checkRegistry(file: string, io: CommandIo): Promise<void> {
  const checking = await import('./check-registry.ts');
  await checking.checkRegistry(file, io);
}

async function checkMirror(file: string, io: CommandIo): Promise<void> {
  const { loadMirrorFile } = await import('../mirror/mirror-config.ts');
  io.out(`${(await loadMirrorFile(file)).origin}: ok\n`);
}

async function checkFront(file: string, io: CommandIo): Promise<void> {
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
  const loaded = await loadConfig(file, {});
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
}
