// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, type CommandInput, type CommandIo, EXIT } from '../command.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION, requireRepository } from './registry-options.ts';

/** Milliseconds: longer than anybody who pushes takes between a record and what belongs to it. */
const SETTLE = 500;

export const registryVerify: Command = {
  name: 'registry verify',
  summary:
    'hash everything in a registry folder, compare it with every record, and say what is amiss',
  args: [{ name: '[repository]', description: 'only this one, and the blobs it holds' }],
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    {
      flags: '--accept-missing-references',
      description: 'indexes may list manifests that are not there',
    },
    { flags: '--json', description: 'print the findings as JSON' },
  ],
  examples: [
    {
      line: 'archeion registry verify --directory /srv/registry',
      why: 'exit code 0 when everything is whole, 4 when something is not; a server may be running',
    },
    { line: 'archeion registry verify tools/hello --json', why: 'one repository, for a script' },
  ],
  async run(input, io) {
    const { printFindings } = await import('./registry-findings.ts');
    const { findings, progress } = await openVerification(input, io);
    const { sayProgress } = await import('../progress-lines.ts');
    const endProgress = sayProgress({ progress, say: io.err, now: () => performance.now() });
    try {
      const isJson = input.options['json'] === true;
      const problems = await printFindings(findings, { isJson, progress, out: io.out });
      return problems === 0 ? EXIT.done : EXIT.refused;
    } finally {
      endProgress();
    }
  },
};

async function openVerification(input: CommandInput, io: CommandIo) {
  const [{ openDamagedRegistry }, { requireKnown }, { verifyStore }, { findingsIn }] =
    await Promise.all([
      import('./command-store.ts'),
      import('./registry-folder.ts'),
      import('../../registry/verify/verify-store.ts'),
      import('./registry-findings.ts'),
    ]);
  const { storage, folder } = await openDamagedRegistry(input);
  const [name] = input.args;
  const repository = name === undefined ? undefined : requireRepository(name);
  if (repository !== undefined) await requireKnown({ storage, repository });
  const acceptsMissing = input.options['acceptMissingReferences'] === true;
  const { findings, progress } = verifyStore({
    storage,
    repository,
    acceptsMissing,
    settle: () => sleep(SETTLE),
    signal: io.stop,
  });
  const isWhole = repository === undefined;
  return { findings: findingsIn(folder, findings, isWhole), progress };
}
