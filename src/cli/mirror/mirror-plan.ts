// SPDX-License-Identifier: Apache-2.0
import {
  type Command,
  type CommandInput,
  type CommandIo,
  EXIT,
  type ExitCode,
} from '../command.ts';
import { loadMirrorConfig, MIRROR_OPTIONS } from './mirror-config.ts';

export const mirrorPlan: Command = {
  name: 'mirror plan',
  summary: 'say what is missing at which backend, and change nothing',
  options: MIRROR_OPTIONS,
  examples: [
    {
      line: 'archeion mirror plan --config mirror.yaml',
      why: 'exit code 3 when something is missing, 5 when something could not be looked at',
    },
  ],
  run: printPlan,
};

/** The plan, and nothing more: also what `mirror run` does without `--yes`. */
export async function printPlan(input: CommandInput, io: CommandIo): Promise<ExitCode> {
  const [{ openShownSession }, { planText, reportJson, sayProblems }] = await Promise.all([
    import('./shown-session.ts'),
    import('./mirror-report.ts'),
  ]);
  const isJson = input.options['json'] === true;
  const loaded = await loadMirrorConfig(input);
  const { prepared, problems, close } = await openShownSession(loaded, io, {
    isJson,
    isDryRun: true,
  });
  await close();
  sayProblems(problems, io);
  io.out(isJson ? reportJson(prepared, problems) : planText(prepared));
  if (problems.count() > 0) return EXIT.partlyFailed;
  return prepared.plan.copies.length > 0 ? EXIT.changesPending : EXIT.done;
}
