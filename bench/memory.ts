// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { type BenchSite, benchDigest, openBenchSite, startPinned } from './redirect-site.ts';
import { runWrk, writeWrkScript } from './redirect-wrk.ts';
import { type BenchResult, runAlone } from './result.ts';

const FLOOD = 200_000;
const INDEXED = 1_000_000;
const CONNECTIONS = 64;
const LOAD_SECONDS = 10;
const MIB = 1024 * 1024;

/** What the front holds on to under load, and after floods of digests that nobody asks for twice. */
export async function benchMemory(): Promise<readonly BenchResult[]> {
  const site = await openBenchSite(INDEXED);
  const running = await startPinned(site.command, site.url);
  const watched = watchMemory(running.pid);
  try {
    await indexLoaded(site);
    const idle = await settledMemory(running.pid);
    await runWrk({ url: site.url, script: await loadScript(site), seconds: LOAD_SECONDS });
    await flood(site, 0);
    const first = await settledMemory(running.pid);
    await flood(site, FLOOD);
    const second = await settledMemory(running.pid);
    return [
      {
        metric: 'memory under load with an index of 10^6, highest',
        measured: watched.highest(),
        unit: 'MiB',
        atMost: 160,
      },
      {
        metric: 'memory, second flood of 200,000 digests over first',
        measured: second - first,
        unit: 'MiB',
        atMost: 4,
      },
      { metric: 'memory after the first flood', measured: first, unit: 'MiB' },
      { metric: 'memory, idle', measured: idle, unit: 'MiB' },
    ];
  } finally {
    watched.stop();
    await running.stop();
    await site.stop();
  }
}

/** Else what is measured would have none. */
async function indexLoaded({ adminUrl }: BenchSite): Promise<void> {
  const loaded = new RegExp(`^archeion_digest_index_entries\\{.*\\} ${INDEXED}$`, 'm');
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`${adminUrl}/metrics`);
    if (loaded.test(await answer.text())) return;
    await delay(100);
  }
  throw new Error('the index was not loaded');
}

async function loadScript(site: BenchSite): Promise<string> {
  const file = join(site.folder, 'memory.lua');
  const targets = site.addresses.map((address, index) => ({
    path: `/v2/tools/sample/blobs/${benchDigest(index, true)}`,
    address,
  }));
  await writeWrkScript(file, targets);
  return file;
}

/** Asks for as many digests as the flood has, each once; every second one is held nowhere. */
async function flood(site: BenchSite, from: number): Promise<void> {
  const pool = new Pool(site.url, { connections: CONNECTIONS });
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + FLOOD) {
      const number = next++;
      const path = `/v2/tools/sample/blobs/${benchDigest(number, number % 2 === 0)}`;
      const address = site.addresses[number % site.addresses.length] ?? '';
      const answer = await pool.request({
        method: 'GET',
        path,
        headers: { 'x-forwarded-for': address },
      });
      if (answer.statusCode !== 307) throw new Error(`${path}: ${answer.statusCode}`);
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  await pool.close();
}

/** In MiB, once the collector has had time to give back what the load left behind. */
async function settledMemory(pid: number): Promise<number> {
  await delay(3000);
  return residentMemory(pid);
}

async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MIB;
}

/** The highest resident set seen from now on, in MiB. */
function watchMemory(pid: number): { highest(): number; stop(): void } {
  let highest = 0;
  const timer = setInterval(async () => {
    highest = Math.max(highest, await residentMemory(pid).catch(() => 0));
  }, 100);
  return { highest: () => highest, stop: () => clearInterval(timer) };
}

if (import.meta.main) await runAlone(benchMemory);
