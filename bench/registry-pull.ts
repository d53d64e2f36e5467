// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OCI_MANIFEST } from '../src/core/oci/media-type.ts';
import { freePort } from '../test/support/free-port.ts';
import type { RunningProcess } from '../test/support/processes.ts';
import { startPinned } from './redirect-site.ts';
import { runWrk } from './redirect-wrk.ts';
import {
  buildProgram,
  pushSample,
  type RegistryUnderTest,
  type SampleContent,
  startCncf,
  startDebian,
  startOurs,
} from './registry-site.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const ROUNDS = 5;
const SECONDS = 2;
/** Without it, the others show no manifest of an OCI image. */
const ACCEPT = `Accept: ${OCI_MANIFEST}`;

/** What is asked for, by how many at a time. */
interface Pull {
  readonly what: 'manifest by tag' | 'manifest by digest' | 'blob of 1 KiB' | 'blob of 10 MiB';
  readonly path: (content: SampleContent) => string;
  readonly connections: number;
}

const REPOSITORY = '/v2/bench/sample';
const PULLS: readonly Pull[] = [
  { what: 'manifest by tag', path: () => `${REPOSITORY}/manifests/v1`, connections: 64 },
  {
    what: 'manifest by digest',
    path: ({ manifestDigest }) => `${REPOSITORY}/manifests/${manifestDigest}`,
    connections: 64,
  },
  { what: 'blob of 1 KiB', path: ({ small }) => `${REPOSITORY}/blobs/${small}`, connections: 64 },
  { what: 'blob of 10 MiB', path: ({ large }) => `${REPOSITORY}/blobs/${large}`, connections: 8 },
];

type Name = RegistryUnderTest['name'] | 'bare';

/** Requests per second, by what was asked for and who answered; round by round. */
type Rates = ReadonlyMap<string, number[]>;

/** Pulls a second on one processor: our registry beside those that people would pick instead, and beside no registry. */
export async function benchRegistryPull(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const place = await mkdtemp(join(tmpdir(), 'archeion-bench-'));
  const running: RunningProcess[] = [];
  try {
    const others = [await startDebian(place), await startCncf(place)];
    const all = [await startOurs(place), ...others.filter((one) => one !== undefined)];
    running.push(...all.map((one) => one.running));
    const content = await pushSample(all.map(({ host }) => host));
    const rates = new Map<string, number[]>();
    for (const pull of PULLS) {
      const bare = await startBare(content.manifest.byteLength);
      running.push(bare.running);
      const urls = new Map<Name, string>(
        all.map(({ name, host }) => [name, `http://${host}${pull.path(content)}`]),
      );
      if (pull.connections === 64) urls.set('bare', bare.url);
      await measure(pull, urls, rates);
    }
    return resultsOf(rates);
  } finally {
    for (const server of running) await server.stop();
    await rm(place, { recursive: true });
  }
}

async function startBare(bytes: number): Promise<{ url: string; running: RunningProcess }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = join(import.meta.dirname, 'registry-bare.ts');
  const command = [process.execPath, program, String(port), String(bytes)];
  return { url, running: await startPinned(command, url) };
}

/** Rounds take turns, so that whatever else the machine does meets all of them alike. */
async function measure(
  { what, connections }: Pull,
  urls: ReadonlyMap<Name, string>,
  rates: Map<string, number[]>,
): Promise<void> {
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, url] of urls) {
      const { requestsPerSecond } = await runWrk({
        url,
        seconds: SECONDS,
        connections,
        header: ACCEPT,
      });
      if (round < 0) continue; // to warm up
      const key = `${what}, ${name}`;
      rates.set(key, [...(rates.get(key) ?? []), requestsPerSecond]);
    }
  }
}

function resultsOf(rates: Rates): BenchResult[] {
  const ratio = (what: Pull['what'], other: Name): number => {
    const theirs = rates.get(`${what}, ${other}`) ?? [];
    return median(
      (rates.get(`${what}, ours`) ?? []).map((rate, round) => rate / (theirs[round] ?? NaN)),
    );
  };
  const bars = (what: Pull['what'], other: Name, atLeast: number): BenchResult[] =>
    rates.has(`${what}, ${other}`)
      ? [{ metric: `${what}: ours / ${other}`, measured: ratio(what, other), unit: '', atLeast }]
      : [];
  return [
    ...bars('manifest by tag', 'bare', 0.18),
    ...bars('manifest by digest', 'bare', 0.2),
    ...bars('blob of 1 KiB', 'bare', 0.12),
    ...bars('blob of 10 MiB', 'debian', 1.3),
    ...PULLS.flatMap(({ what }) => bars(what, 'cncf', 1)),
    ...[...rates].map(([metric, all]) => ({ metric, measured: median(all), unit: 'req/s' })),
  ];
}

if (import.meta.main) await runAlone(benchRegistryPull);
