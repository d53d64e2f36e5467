// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { bucketStorage } from '../test/e2e/s3-registry.ts';
import { startVersityGateway } from '../test/e2e/s3-servers.ts';
import { freePort, waitForHttp } from '../test/support/free-port.ts';
import { type RunningProcess, startProcess, stopAllProcesses } from '../test/support/processes.ts';
import { buildProgram } from './registry-site.ts';
import { type BenchResult, runAlone } from './result.ts';

const ROOT = join(import.meta.dirname, '..');
const GIBIBYTES = Number(process.env['ARCHEION_BENCH_GIB'] ?? 8);

/** What a run takes that moves much from a registry on the loopback interface: to a folder, and to a bucket. */
export async function benchMirrorMemory(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'archeion-bench-mirror-'));
  const port = await freePort();
  const line = [join(import.meta.dirname, 'mirror-upstream.ts'), String(port), String(GIBIBYTES)];
  const upstream = startProcess(process.execPath, line);
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitForHttp(`${url}/v2/`, upstream);
    const results = await moveTo({ folder, url, name: 'a folder', storage: FOLDER });
    const gateway = await startVersityGateway(folder).catch(() => undefined);
    if (gateway === undefined) return results;
    const storage = await bucketStorage(gateway, folder);
    return [...results, ...(await moveTo({ folder, url, name: 'a bucket', storage }))];
  } finally {
    await stopAllProcesses();
    await rm(folder, { recursive: true, force: true });
  }
}

const FOLDER = { kind: 'filesystem', directory: 'here' };

interface Move {
  readonly folder: string;
  readonly url: string;
  readonly name: string;
  readonly storage: object;
}

async function moveTo({ folder, url, name, storage }: Move): Promise<readonly BenchResult[]> {
  const config = join(folder, 'mirror.yaml');
  const source = { url, repositories: ['bench'] };
  await writeFile(config, stringify({ source, targets: [{ name: 'here', storage }] }));
  const program = [join(ROOT, 'dist/bin/archeion'), 'mirror', 'run', '--yes', '--config', config];
  const start = performance.now();
  const measured = await highestMemory(startProcess(process.execPath, program));
  const rate = (GIBIBYTES * 1024 * 1_000) / (performance.now() - start);
  await rm(join(folder, FOLDER.directory), { recursive: true, force: true });
  const metric = `memory, mirror, ${GIBIBYTES} GiB moved to ${name}`;
  return [
    { metric, measured, unit: 'MiB', atMost: 200 },
    { metric: `mirror to ${name}`, measured: rate, unit: 'MiB/s' },
  ];
}

/** The largest resident set that it ever had, in MiB, once it has ended well. */
export async function highestMemory(running: RunningProcess, expectedExit = 0): Promise<number> {
  let highest = 0;
  while (running.exitCode() === undefined) {
    // Gone between two looks: the one before has it.
    const status = await readFile(`/proc/${running.pid}/status`, 'utf8').catch(() => '');
    highest = Math.max(highest, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    await delay(50);
  }
  if (running.exitCode() === expectedExit) return highest;
  throw new Error(`the mirror ended with ${running.exitCode()}: ${running.output()}`);
}

if (import.meta.main) await runAlone(benchMirrorMemory);
