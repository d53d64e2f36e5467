// SPDX-License-Identifier: Apache-2.0
import { copyFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesystemDriver } from '../src/storage/filesystem/filesystem.ts';
import { mustRun } from '../test/support/processes.ts';
import { buildProgram, pushSample, startOurs } from './registry-site.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const TAGS = 100_000;
const COLD_STARTS = 5;
const AGAIN = 20;

/** Pages of a repository with many tags: the first after a start, and once more. */
export async function benchRegistryTags(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const place = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  try {
    const first = await startOurs(join(place));
    const store = join(first.folder, 'store');
    await pushSample([first.host]);
    await first.running.stop();
    await addTags(store);
    const cold: number[] = [];
    const again: number[] = [];
    for (let start = 0; start < COLD_STARTS; start++) {
      const server = await startOurs(place);
      const page = `http://${server.host}/v2/bench/sample/tags/list?n=1000`;
      await timeGet(`http://${server.host}/v2/bench/sample/manifests/v1`); // its code is warm, its knowledge of tags is not
      cold.push(await timeGet(page));
      for (let round = 0; round < AGAIN; round++) again.push(await timeGet(page));
      await server.running.stop();
    }
    return [
      { metric: '10^5 tags, first page cold', measured: median(cold), unit: 'ms', atMost: 150 },
      { metric: '10^5 tags, first page again', measured: median(again), unit: 'ms', atMost: 5 },
    ];
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Copies of the one tag there is, made by the driver's own naming, without a fsync for each. */
async function addTags(store: string): Promise<void> {
  const found = await filesystemDriver(store).stat('repositories/bench/sample/_tags/v1');
  if (found === undefined) throw new Error('there is no tag to copy');
  const folder = join(store, 'repositories+', 'bench+', 'sample+', '_tags+');
  for (let number = 0; number < TAGS; number++)
    copyFileSync(join(folder, 'v1'), join(folder, `v1.${number}`));
  await mustRun('sleep', ['3']); // a folder that changed just now is not remembered
}

async function timeGet(url: string): Promise<number> {
  const began = performance.now();
  const answer = await fetch(url);
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`GET ${url}: ${answer.status}`);
  return performance.now() - began;
}

if (import.meta.main) await runAlone(benchRegistryTags);
