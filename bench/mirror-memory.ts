// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { freePort, waitForHttp } from '../test/support/free-port.ts';
import { type RunningProcess, startProcess } from '../test/support/processes.ts';
import { buildProgram } from './registry-site.ts';
import { type BenchResult, runAlone } from './result.ts';

const ROOT = join(import.meta.dirname, '..');
const GIBIBYTES = Number(process.env['ARCHEION_BENCH_GIB'] ?? 8);

/** What a run takes that moves much, from a registry on the loopback interface to a folder. */
export async function benchMirrorMemory(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'archeion-bench-mirror-'));
  const port = await freePort();
  const line = [join(import.meta.dirname, 'mirror-upstream.ts'), String(port), String(GIBIBYTES)];
  const upstream = startProcess(process.execPath, line);
  try {
    await waitForHttp(`http://127.0.0.1:${port}/v2/`, upstream);
    const config = join(folder, 'mirror.yaml');
    const source = { url: `http://127.0.0.1:${port}`, repositories: ['bench'] };
    const targets = [{ name: 'here', storage: { kind: 'filesystem', directory: 'here' } }];
    await writeFile(config, stringify({ source, targets }));
    const program = [join(ROOT, 'dist/bin/archeion'), 'mirror', 'run', '--yes', '--config', config];
    const start = performance.now();
    const highest = await highestMemory(startProcess(process.execPath, program));
    const seconds = (performance.now() - start) / 1_000;
    return [
      {
        metric: `memory, mirror, ${GIBIBYTES} GiB moved`,
        measured: highest,
        unit: 'MiB',
        atMost: 200,
      },
      { metric: 'mirror to a folder', measured: (GIBIBYTES * 1024) / seconds, unit: 'MiB/s' },
    ];
  } finally {
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The largest resident set that it ever had, in MiB, once it has ended well. */
async function highestMemory(running: RunningProcess): Promise<number> {
  let highest = 0;
  while (running.exitCode() === undefined) {
    // Gone between two looks: the one before has it.
    const status = await readFile(`/proc/${running.pid}/status`, 'utf8').catch(() => '');
    highest = Math.max(highest, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    await delay(50);
  }
  if (running.exitCode() === 0) return highest;
  throw new Error(`the mirror ended with ${running.exitCode()}: ${running.output()}`);
}

if (import.meta.main) await runAlone(benchMirrorMemory);
