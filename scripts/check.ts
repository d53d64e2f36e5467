// SPDX-License-Identifier: Apache-2.0
// Everything that has to hold before a change goes in: `npm run check`.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');
/** Programs that write files which are kept in the repository; each can compare instead. */
const GENERATORS = ['scripts/generate-docs.ts'];

const STEPS: ReadonlyArray<readonly string[]> = [
  ['biome', 'check', '--error-on-warnings', '.'],
  ['tsc', '--noEmit'],
  ['tsc', '-p', 'tsconfig.core.json'],
  ['vitest', 'run', '--coverage'],
  ...GENERATORS.filter((file) => existsSync(join(ROOT, file))).map((file) => [
    process.execPath,
    file,
    '--check',
  ]),
];

// All of them, even after a failure: whoever repairs one wants to know of the others.
const failed = STEPS.filter((step) => !succeeds(step));
for (const step of failed) process.stdout.write(`check: failed: ${step.join(' ')}\n`);
process.stdout.write(`check: ${STEPS.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function succeeds(step: readonly string[]): boolean {
  const [command = '', ...args] = step;
  const started = performance.now();
  const path = `${BIN}${delimiter}${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH: path };
  process.stdout.write(`check: ${step.join(' ')}\n`);
  const { status } = spawnSync(command, args, { cwd: ROOT, env, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`check: ${status === 0 ? 'passed' : 'FAILED'} after ${seconds} s\n`);
  return status === 0;
}
