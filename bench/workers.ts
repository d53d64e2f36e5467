// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BenchSite, benchDigest, openBenchSite, startPinned } from './redirect-site.ts';
import { runWrk, writeWrkScript } from './redirect-wrk.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const ROUNDS = 15;
/** Short, so that whatever else the machine does meets both alike. */
const SECONDS = 2;
const WARM_UP_SECONDS = 5;
const DIGESTS = 200;

interface Contestant {
  readonly site: BenchSite;
  readonly script: string;
  readonly pid: number;
}

/** What two workers make of a second of processor time, beside one process. */
export async function benchWorkers(): Promise<readonly BenchResult[]> {
  const sites = [await openBenchSite(), await openBenchSite()] as const;
  const [alone, shared] = sites;
  const running = [
    await startPinned(alone.command, alone.url),
    await startPinned([...shared.command, '--workers', '2'], shared.url),
  ] as const;
  try {
    const [one, two] = await Promise.all([
      contestant(alone, running[0].pid),
      contestant(shared, running[1].pid),
    ]);
    return resultsOf(await measure(one, two));
  } finally {
    for (const server of running) await server.stop();
    for (const site of sites) await site.stop();
  }
}

async function contestant(site: BenchSite, pid: number): Promise<Contestant> {
  const script = join(site.folder, 'workers.lua');
  const targets = Array.from({ length: 7 * site.addresses.length }, (_, index) => ({
    path: `/v2/tools/sample/blobs/${benchDigest((index * 3) % DIGESTS, true)}`,
    address: site.addresses[index % site.addresses.length] ?? '',
  }));
  await writeWrkScript(script, targets);
  return { site, script, pid };
}

interface Round {
  readonly one: number;
  readonly two: number;
}

/** In requests per second of processor time, in turns. */
async function measure(one: Contestant, two: Contestant): Promise<Round[]> {
  for (const { site, script } of [one, two])
    await runWrk({ url: site.url, script, seconds: WARM_UP_SECONDS });
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ one: await requestsPerCpuSecond(one), two: await requestsPerCpuSecond(two) });
  }
  return rounds;
}

async function requestsPerCpuSecond({ site, script, pid }: Contestant): Promise<number> {
  const before = await cpuSeconds(pid);
  const { requestsPerSecond } = await runWrk({ url: site.url, script, seconds: SECONDS });
  return (requestsPerSecond * SECONDS) / ((await cpuSeconds(pid)) - before);
}

/** User and system time of a process and of its children. Linux counts in hundredths of a second here. */
async function cpuSeconds(pid: number): Promise<number> {
  const own = await timesOf(pid);
  const children = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const times = await Promise.all(children.map((name) => timesOf(Number(name)).catch(() => GONE)));
  const ours = times.filter(({ parent }) => parent === pid);
  return [own, ...ours].reduce((sum, { ticks }) => sum + ticks, 0) / 100;
}

const GONE = { parent: -1, ticks: 0 };

async function timesOf(pid: number): Promise<{ parent: number; ticks: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name before the last bracket may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

function resultsOf(rounds: readonly Round[]): BenchResult[] {
  return [
    {
      metric: 'two workers / one process, requests per CPU second',
      measured: median(rounds.map(({ one, two }) => two / one)),
      unit: '',
      atLeast: 0.9,
    },
    {
      metric: 'one process, requests per CPU second',
      measured: median(rounds.map(({ one }) => one)),
      unit: 'req/s',
    },
    {
      metric: 'two workers, requests per CPU second',
      measured: median(rounds.map(({ two }) => two)),
      unit: 'req/s',
    },
  ];
}

if (import.meta.main) await runAlone(benchWorkers);
