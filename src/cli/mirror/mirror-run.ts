// SPDX-License-Identifier: Apache-2.0
import {
  type Command,
  type CommandInput,
  type CommandIo,
  EXIT,
  type ExitCode,
} from '../command.ts';
import { loadMirrorConfig, MIRROR_OPTIONS } from './mirror-config.ts';
import { printPlan } from './mirror-plan.ts';

export const mirrorRun: Command = {
  name: 'mirror run',
  summary: 'copy what is missing to every backend, and publish what each of them holds',
  options: [
    ...MIRROR_OPTIONS,
    { flags: '--yes', description: 'do it; without it the plan is printed, and nothing is done' },
  ],
  examples: [
    {
      line: 'archeion mirror run --config mirror.yaml --yes',
      why: 'from cron; exit code 5 when something failed: what did is named, and the next run goes on',
    },
  ],
  async run(input, io) {
    if (input.options['yes'] === true) return carryOut(input, io);
    const exit = await printPlan(input, io);
    io.err('archeion: nothing was done: say --yes\n');
    return exit;
  },
};

async function carryOut(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const [{ openShownSession }, { reportJson, sayProblems, summaryText }] = await Promise.all([
    import('./shown-session.ts'),
    import('./mirror-report.ts'),
  ]);
  const isJson = input.options['json'] === true;
  const loaded = await loadMirrorConfig(input);
  const session = await openShownSession(loaded, io, { isJson, isDryRun: false });
  const { prepared, problems } = session;
  try {
    await session.carryOut();
  } finally {
    await session.close();
  }
  sayProblems(problems, io);
  io.out(isJson ? reportJson(prepared, problems) : summaryText(prepared));
  return problems.count() > 0 || io.stop.aborted ? EXIT.partlyFailed : EXIT.done;
}
