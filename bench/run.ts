// SPDX-License-Identifier: Apache-2.0
// Every benchmark, one after the other, and one table: `npm run bench`, with `-- --json` for programs.
import { cpus } from 'node:os';
import { benchAddressLookup } from './address-lookup.ts';
import { benchDigestIndex } from './digest-index.ts';
import { benchMemory } from './memory.ts';
import { benchMirror } from './mirror.ts';
import { benchMirrorMemory } from './mirror-memory.ts';
import { benchMirrorPlan } from './mirror-plan.ts';
import { benchRedirect } from './redirect.ts';
import { benchRegistryPull } from './registry-pull.ts';
import { benchRegistryPush } from './registry-push.ts';
import { benchRegistryTags } from './registry-tags.ts';
import { type BenchResult, formatTable, verdictOf } from './result.ts';
import { benchStartUp } from './start-up.ts';
import { benchWorkers } from './workers.ts';

const BENCHES: ReadonlyArray<readonly [string, () => Promise<readonly BenchResult[]>]> = [
  ['address lookup', benchAddressLookup],
  ['digest index', benchDigestIndex],
  ['start-up', benchStartUp],
  ['redirect', benchRedirect],
  ['workers', benchWorkers],
  ['registry, pulls', benchRegistryPull],
  ['registry, tags', benchRegistryTags],
  ['registry, pushes', benchRegistryPush],
  ['mirror', benchMirror],
  ['memory', benchMemory],
  ['memory of the mirror', benchMirrorMemory],
  ['memory of a plan', benchMirrorPlan],
];

const results: BenchResult[] = [];
for (const [name, bench] of BENCHES) {
  process.stderr.write(`bench: ${name}\n`);
  try {
    results.push(...(await bench()));
  } catch (error) {
    // The others have taken minutes: one that cannot be run does not cost their numbers.
    process.stderr.write(
      `bench: ${name} failed: ${error instanceof Error ? error.stack : error}\n`,
    );
    process.exitCode = 1;
  }
}
process.stdout.write(process.argv.includes('--json') ? asJson(results) : formatTable(results));
if (results.some((result) => verdictOf(result) === 'fail')) process.exitCode = 1;

function asJson(all: readonly BenchResult[]): string {
  const machine = { node: process.version, processor: cpus()[0]?.model, processors: cpus().length };
  const rows = all.map((result) => ({ ...result, verdict: verdictOf(result) }));
  return `${JSON.stringify({ machine, results: rows }, undefined, 2)}\n`;
}
