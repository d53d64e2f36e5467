// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess, systemEnvironment } from '../support/processes.ts';
import { goTool } from './go-tools.ts';

/**
 * The conformance program of the distribution specification; undefined where its module cannot be had, which
 * is said in one line and is no failure: the suite in test/conformance asks for the same without it.
 */
export async function conformanceProgram(): Promise<string | undefined> {
  try {
    return await goTool('conformance');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`not run, the official program cannot be had here: ${reason.replaceAll(/\s+/g, ' ')}`);
    return undefined;
  }
}

/** How often the program came to each verdict. "Unsupported" is a skip to it. */
export interface Verdicts {
  readonly Pass: number;
  readonly Skip: number;
  readonly FAIL: number;
  readonly Error: number;
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
  const { stdout, stderr } = await runProcess(run.program, [], { cwd: run.folder, env });
  const summary = stdout.slice(Math.max(0, stdout.lastIndexOf('OCI Conformance Result:')));
  say(`${run.name}\n${stderr}${summary}`);
  return verdictsIn(summary);
}

function verdictsIn(summary: string): Verdicts {
  const count = (verdict: string) => {
    const [, digits] = new RegExp(`^ +${verdict}\\.*: +(\\d+)$`, 'm').exec(summary) ?? [];
    return Number(digits);
  };
  return { Pass: count('Pass'), Skip: count('Skip'), FAIL: count('FAIL'), Error: count('Error') };
}

function say(text: string): void {
  process.stdout.write(`conformance: ${text}\n`);
}
