// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
  stop(): Promise<void>;
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
  return { url: await firstLine(child), stop: () => stopped(child) };
}

/** Requests a second that the server answers for `seconds`, by wrk on the other core. */
export function rate(url: string, seconds: number): number {
  const wrk = ['wrk', '-t1', '-c64', `-d${seconds}s`, `${url}${TARGET}`];
  const report = execFileSync('taskset', ['-c', CLIENT_CORE, ...wrk], { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(report) && !/Non-2xx or 3xx/.test(report))
    throw new Error(report);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
}

/** Interleaved, so that a machine that slows down slows both; the median of each. */
export async function measureFloor(
  rounds: number,
  seconds: number,
): Promise<Record<Floor, number>> {
  const servers = { bare: await startPinned('bare'), edge: await startPinned('edge') };
  const rates: Record<Floor, number[]> = { bare: [], edge: [] };
  const floors = ['bare', 'edge'] as const;
  try {
    for (const floor of floors) rate(servers[floor].url, 3);
    for (let round = 0; round < rounds; round++) {
      for (const floor of floors) rates[floor].push(rate(servers[floor].url, seconds));
    }
  } finally {
    await Promise.all([servers.bare.stop(), servers.edge.stop()]);
  }
  return { bare: median(rates.bare), edge: median(rates.edge) };
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
  const { bare, edge } = await measureFloor(7, 4);
  const ratio = (edge / bare).toFixed(3);
  process.stdout.write(
    `http floor: bare ${bare.toFixed(0)}/s, edge ${edge.toFixed(0)}/s, ratio ${ratio}\n`,
  );
}

if (import.meta.main) await main(process.argv[2]);
