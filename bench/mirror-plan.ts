// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort, waitForHttp } from '../test/support/free-port.ts';
import { startProcess, stopAllProcesses } from '../test/support/processes.ts';
import { highestMemory } from './mirror-memory.ts';
import { buildProgram } from './registry-site.ts';
import { type BenchResult, runAlone } from './result.ts';

const PROGRAM = join(import.meta.dirname, '..', 'dist/bin/archeion');
const IMAGES = Number(process.env['ARCHEION_BENCH_IMAGES'] ?? 100_000);
const BLOBS_EACH = 10;
const CHANGES_PENDING = 3;

/** What a plan takes of a source of 10^6 blobs in 10^5 images, of which a bucket lacks a tenth. */
export async function benchMirrorPlan(): Promise<readonly BenchResult[]> {
  await buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'archeion-bench-plan-'));
  const port = await freePort();
  const site = startProcess(process.execPath, [
    join(import.meta.dirname, 'mirror-plan-site.ts'),
    String(port),
    String(IMAGES),
  ]);
  try {
    await waitForHttp(`http://127.0.0.1:${port}/v2/_catalog`, site);
    const config = await writeConfig(folder, `http://127.0.0.1:${port}`);
    const start = performance.now();
    const plan = startProcess(process.execPath, [PROGRAM, 'mirror', 'plan', '--config', config]);
    const measured = await highestMemory(plan, CHANGES_PENDING);
    const seconds = (performance.now() - start) / 1_000;
    const missing = (IMAGES * BLOBS_EACH) / 10;
    if (!plan.output().includes(` ${missing} `)) throw new Error(`another plan: ${plan.output()}`);
    const metric = `a plan of ${IMAGES * BLOBS_EACH} blobs, a tenth of them missing`;
    return [
      { metric: `memory, ${metric}`, measured, unit: 'MiB', atMost: 512 },
      { metric, measured: seconds, unit: 's' },
    ];
  } finally {
    await stopAllProcesses();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeConfig(folder: string, url: string): Promise<string> {
  const file = join(folder, 'mirror.yaml');
  const [id, secret] = ['id', 'secret'].map((name) => join(folder, name));
  for (const path of [id, secret]) await writeFile(path ?? '', 'bench');
  const credentials = { accessKeyIdFile: id, secretAccessKeyFile: secret };
  const storage = { kind: 's3', bucket: 'bucket', endpoint: url, credentials };
  const document = {
    source: { url, repositories: ['bench/**'] },
    targets: [{ name: 'here', storage }],
    immutable: ['v*'],
  };
  await writeFile(file, stringify(document));
  return file;
}

if (import.meta.main) await runAlone(benchMirrorPlan);
