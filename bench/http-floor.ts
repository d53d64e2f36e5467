// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { startServer } from '../src/http/node-server.ts';
import { requestLog } from '../src/http/request-log.ts';
import { openLog } from '../src/log.ts';
import { openMetrics } from '../src/metrics.ts';

/** What our edge costs above node:http used bare: one core serves, the other asks. */

export type Floor = 'bare' | 'edge';

export interface PinnedServer {
  readonly url: string;
  /** User and system time that the process has used, in seconds; in steps of 10 ms. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface Sample {
  /** Requests a second. */
  readonly rate: number;
  /** Microseconds of CPU a request: steadier than the rate where something else runs too. */
  readonly cpu: number;
}

const LOCATION =
  'https://us-central1-docker.pkg.dev/v2/acme-prod/images/pause/manifests/sha256:' +
  '7c'.repeat(32);
const TARGET = `/v2/pause/manifests/sha256:${'7c'.repeat(32)}`;
const SERVER_CORE = '0';
const CLIENT_CORE = '1';

/** Starts one of the two servers as a process of its own, on one core. */
export async function startPinned(floor: Floor): Promise<PinnedServer> {
  const child = spawn(
    'taskset',
    ['-c', SERVER_CORE, process.execPath, import.meta.filename, floor],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return {
    url: await firstLine(child),
    cpuSeconds: () => cpuSecondsOf(child.pid),
    stop: () => stopped(child),
  };
}

/** Asks for `seconds`, by wrk on the other core. */
export function sample(server: PinnedServer, seconds: number): Sample {
  const wrk = ['wrk', '-t1', '-c64', `-d${seconds}s`, `${server.url}${TARGET}`];
  const before = server.cpuSeconds();
  const report = execFileSync('taskset', ['-c', CLIENT_CORE, ...wrk], { encoding: 'utf8' });
  const cpu = server.cpuSeconds() - before;
  if (report.includes('Socket errors')) throw new Error(report);
  const requests = Number(/(\d+) requests in/.exec(report)?.[1]);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]),
    cpu: (cpu / requests) * 1e6,
  };
}

/** Interleaved, so that a machine that slows down slows both. The median rate, and the CPU of the least disturbed round. */
export async function measureFloor(
  rounds: number,
  seconds: number,
): Promise<Readonly<Record<Floor, Sample>>> {
  const servers = { bare: await startPinned('bare'), edge: await startPinned('edge') };
  const samples: Record<Floor, Sample[]> = { bare: [], edge: [] };
  const floors = ['bare', 'edge'] as const;
  try {
    for (const floor of floors) sample(servers[floor], 3);
    for (let round = 0; round < rounds; round++) {
      for (const floor of floors) samples[floor].push(sample(servers[floor], seconds));
    }
  } finally {
    await Promise.all([servers.bare.stop(), servers.edge.stop()]);
  }
  return { bare: medianOf(samples.bare), edge: medianOf(samples.edge) };
}

function medianOf(samples: readonly Sample[]): Sample {
  return {
    rate: median(samples.map(({ rate }) => rate)),
    cpu: Math.min(...samples.map(({ cpu }) => cpu)),
  };
}

function cpuSecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const TICKS_A_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server was started without a pipe');
  const [line] = await once(createInterface(child.stdout), 'line');
  return String(line);
}

async function stopped(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

async function serveBare(): Promise<string> {
  const server = createServer({ optimizeEmptyRequests: true }, (_request, response) => {
    response.writeHead(307, ['Location', LOCATION, 'Content-Length', '0']);
    response.end();
  });
  server.keepAliveTimeout = 65_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return `http://127.0.0.1:${address.port}`;
}

async function serveEdge(): Promise<string> {
  const log = openLog('info', () => {});
  const answer = { status: 307, headers: ['Location', LOCATION] };
  const { url } = await startServer({
    name: 'front',
    host: '127.0.0.1',
    port: 0,
    handler: () => answer,
    log,
    requestLog: requestLog('front', 0.01, log),
    metrics: openMetrics(),
  });
  return url;
}

async function main(mode: string | undefined): Promise<void> {
  if (mode === 'bare' || mode === 'edge') {
    process.stdout.write(`${await (mode === 'bare' ? serveBare() : serveEdge())}\n`);
    return;
  }
  if (spawnSync('wrk', ['-v']).error !== undefined) {
    process.stdout.write('http floor: skipped, wrk is not installed\n');
    return;
  }
  const { bare, edge } = await measureFloor(20, 1);
  const line = (name: string, { rate, cpu }: Sample) =>
    `http floor: ${name} ${rate.toFixed(0)} requests/s, ${cpu.toFixed(2)} us CPU each\n`;
  process.stdout.write(line('bare', bare) + line('edge', edge));
  const cpuRatio = (bare.cpu / edge.cpu).toFixed(3);
  process.stdout.write(
    `http floor: edge/bare ${(edge.rate / bare.rate).toFixed(3)} by rate, ${cpuRatio} by CPU\n`,
  );
}

if (import.meta.main) await main(process.argv[2]);
