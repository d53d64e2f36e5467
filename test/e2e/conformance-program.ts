// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  complaintsIn,
  summaryOf,
  type Verdicts,
  verdictsIn,
} from '../support/conformance/program-report.ts';
import { runProcess, systemEnvironment } from '../support/processes.ts';
import { goTool } from './go-tools.ts';

/**
 * The conformance program of the distribution specification: the one that `ARCHEION_CONFORMANCE` names, else built
 * from its module; undefined where that cannot be had, which is said in one line and is no failure: the suite
 * in test/conformance asks for the same without it.
 */
export async function conformanceProgram(): Promise<string | undefined> {
  const own = process.env['ARCHEION_CONFORMANCE'];
  // Against the folder this was started in: the program runs in another.
  if (own) return resolve(own);
  try {
    return await goTool('conformance');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`not run, the official program cannot be had here: ${reason.replaceAll(/\s+/g, ' ')}`);
    return undefined;
  }
}

export interface ConformanceRun {
  readonly program: string;
  readonly name: string;
  /** Where its reports go. */
  readonly folder: string;
  /** Host and port. */
  readonly registry: string;
  /** Its variables, without `OCI_` before them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Runs it, with its summary in the log; what went wrong is there too. */
export async function runConformance(run: ConformanceRun): Promise<Verdicts> {
  const results = join(run.folder, 'results');
  await mkdir(results, { recursive: true });
  const settings = { REGISTRY: run.registry, TLS: 'disabled', RESULTS_DIR: results };
  const variables = Object.entries({ ...settings, ...run.settings });
  const env = {
    ...systemEnvironment(),
    ...Object.fromEntries(variables.map(([name, value]) => [`OCI_${name}`, value])),
  };
  // Its exit code says too little: 0 when it could not start, no 0 when it only could not write a report.
  const { stdout, stderr } = await runProcess(run.program, [], { cwd: run.folder, env });
  const complaints = complaintsIn(stdout).map((line) => `${line}\n`);
  say(`${run.name}\n${stderr}${complaints.join('')}${summaryOf(stdout)}`);
  return verdictsIn(stdout);
}

function say(text: string): void {
  process.stdout.write(`conformance: ${text}\n`);
}
