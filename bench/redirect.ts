// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../test/support/free-port.ts';
import { type BenchSite, benchDigest, openBenchSite, startPinned } from './redirect-site.ts';
import { runWrk, type WrkRound, type WrkTarget, writeWrkScript } from './redirect-wrk.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const ROUNDS = 5;
const SECONDS = 4;
const WARM_UP_SECONDS = 5;
const DIGESTS = 200;

interface Contestant {
  readonly name: 'plain' | 'tuned' | 'nginx' | 'present' | 'absent' | 'manifests';
  readonly url: string;
  readonly script: string;
}

/** Redirects a second on one processor: the front beside servers that decide nothing. */
export async function benchRedirect(): Promise<readonly BenchResult[]> {
  const site = await openBenchSite();
  const [plainPort = 0, tunedPort = 0, nginxPort = 0] = await freePorts(3);
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const others = { plain: at(plainPort), tuned: at(tunedPort), nginx: at(nginxPort) };
  const running = [
    await startPinned(site.command, site.url),
    await startPinned(bareCommand(plainPort, 'plain'), others.plain),
    await startPinned(bareCommand(tunedPort, 'tuned'), others.tuned),
    await startPinned(await nginxCommand(site.folder, nginxPort), others.nginx),
  ];
  try {
    return resultsOf(await measure(await contestants(site, others)));
  } finally {
    for (const server of running) await server.stop();
    await site.stop();
  }
}

function bareCommand(port: number, kind: 'plain' | 'tuned'): readonly string[] {
  return [process.execPath, join(import.meta.dirname, 'redirect-bare.ts'), String(port), kind];
}

async function contestants(
  site: BenchSite,
  others: Readonly<Record<'plain' | 'tuned' | 'nginx', string>>,
): Promise<Contestant[]> {
  const script = async (name: string, path: (index: number) => string): Promise<string> => {
    const file = join(site.folder, `${name}.lua`);
    await writeWrkScript(file, targetsOf(site.addresses, path));
    return file;
  };
  const blob = (isHeld: boolean) => (index: number) =>
    `/v2/tools/sample/blobs/${benchDigest(index % DIGESTS, isHeld)}`;
  const present = await script('present', blob(true));
  const absent = await script('absent', blob(false));
  const manifests = await script('manifests', (index) => `/v2/tools/sample/manifests/v${index}`);
  return [
    { name: 'plain', url: others.plain, script: present },
    { name: 'present', url: site.url, script: present },
    { name: 'tuned', url: others.tuned, script: present },
    { name: 'absent', url: site.url, script: absent },
    { name: 'manifests', url: site.url, script: manifests },
    { name: 'nginx', url: others.nginx, script: present },
  ];
}

/** Every address with as many paths as it takes for each digest to be asked for by clients of each kind. */
function targetsOf(addresses: readonly string[], path: (index: number) => string): WrkTarget[] {
  return Array.from({ length: 7 * addresses.length }, (_, index) => ({
    path: path(index * 3),
    address: addresses[index % addresses.length] ?? '',
  }));
}

/** Rounds take turns, so that whatever else the machine does meets all of them alike. */
async function measure(all: readonly Contestant[]): Promise<ReadonlyMap<string, WrkRound[]>> {
  const rounds = new Map<string, WrkRound[]>(all.map(({ name }) => [name, []]));
  for (const { url, script } of all) await runWrk({ url, script, seconds: WARM_UP_SECONDS });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, url, script } of all) {
      rounds.get(name)?.push(await runWrk({ url, script, seconds: SECONDS }));
    }
  }
  return rounds;
}

function resultsOf(rounds: ReadonlyMap<string, WrkRound[]>): BenchResult[] {
  const rates = (name: Contestant['name']): number[] =>
    (rounds.get(name) ?? []).map(({ requestsPerSecond }) => requestsPerSecond);
  // Of neighbours in time, not of the medians: a machine that slows down for a minute slows both.
  const ratio = (name: Contestant['name'], other: Contestant['name']): number =>
    median(rates(name).map((rate, round) => rate / (rates(other)[round] ?? NaN)));
  const p99 = median((rounds.get('present') ?? []).map((round) => round.p99));
  const perSecond = (metric: string, name: Contestant['name']): BenchResult => ({
    metric,
    measured: median(rates(name)),
    unit: 'req/s',
  });
  return [
    {
      metric: 'blob redirect / bare node:http handler',
      measured: ratio('present', 'plain'),
      unit: '',
      atLeast: 0.78,
    },
    {
      metric: 'blob redirect / the same, tuned as ours is',
      measured: ratio('present', 'tuned'),
      unit: '',
    },
    {
      metric: 'blob absent / blob present',
      measured: ratio('absent', 'present'),
      unit: '',
      atLeast: 0.9,
    },
    { metric: 'blob redirect, p99 at 64 connections', measured: p99, unit: 'ms', atMost: 3 },
    perSecond('blob redirect, one processor', 'present'),
    perSecond('blob redirect, absent everywhere', 'absent'),
    perSecond('manifest redirect', 'manifests'),
    perSecond('bare node:http handler, constant 307', 'plain'),
    perSecond('the same, tuned as ours is', 'tuned'),
    perSecond('nginx, return 307', 'nginx'),
  ];
}

async function nginxCommand(folder: string, port: number): Promise<string[]> {
  const place = join(folder, 'nginx');
  await mkdir(place);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = temporary.map((name) => `${name}_temp_path ${join(place, name)};`).join(' ');
  const file = join(place, 'nginx.conf');
  const location = `https://cdn.example.org/containers/images/sha256:${'1'.repeat(64)}`;
  await writeFile(
    file,
    `daemon off; worker_processes 1; pid ${join(place, 'pid')}; events { worker_connections 512; }
     http { ${paths} access_log off; keepalive_requests 1000000000;
       server { listen 127.0.0.1:${port}; return 307 ${location}; } }`,
  );
  return ['nginx', '-p', place, '-c', file, '-e', join(place, 'error.log')];
}

if (import.meta.main) await runAlone(benchRedirect);
