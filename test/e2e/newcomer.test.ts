// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePortBase } from '../support/free-port.ts';
import {
  mustRun,
  type RunningProcess,
  runProcess,
  startProcess,
  stopAllProcesses,
  systemEnvironment,
  waitFor,
  waitForOutput,
} from '../support/processes.ts';
import { digestOf, digestsIn } from './sample-image.ts';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = 5;
/** The first start installs the dependencies. */
const FIRST_START = 300_000;
const READY = /^archeion dev is ready[\s\S]*^ *skopeo copy .*$/m;

let folder: string;
let clone: string;
let base: number;
let dev: RunningProcess;
let told: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-newcomer-'));
  clone = join(folder, 'clone');
  await cloneHead();
  base = await freePortBase(PORTS);
  dev = startDev(base);
  [told] = await waitForOutput(dev, READY, FIRST_START);
}, FIRST_START);

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

test('every command that it prints works as it stands', async () => {
  const commands = [...told.matchAll(/^ *((?:curl|skopeo) .+)$/gm)].map((match) => match[1] ?? '');
  expect(commands.length).toBeGreaterThanOrEqual(4);
  const work = await workFolder('commands');
  for (const command of commands) {
    const finished = await runProcess('bash', ['-c', `set -o pipefail; ${command}`], { cwd: work });
    expect({ command, ...finished }).toMatchObject({ command, code: 0 });
  }
});

test('a client of AWS and a client of Google are sent to the backends near them', async () => {
  const locations = [
    ...(await runPrinted(/^ *(curl .*X-Forwarded-For: 192\.0\.2\..*)$/m)),
    ...(await runPrinted(/^ *(curl .*X-Forwarded-For: 198\.51\.100\..*)$/m)),
  ];
  expect(locations).toEqual([
    expect.stringContaining(`127.0.0.1:${base + 3}/`),
    expect.stringContaining(`127.0.0.1:${base + 4}/`),
  ]);
});

test('the image that skopeo pulls has the digests of the one in the registry', async () => {
  const command =
    /^ *(skopeo copy .* docker:\/\/[^/]+\/(\S+):(\S+) oci:(\S+):\S+)$/m.exec(told) ?? [];
  const [, line = '', repository = '', tag = '', layout = ''] = command;
  const work = await workFolder('skopeo');
  await mustRun('bash', ['-c', line], { cwd: work });
  const registry = `http://127.0.0.1:${base + 2}/v2/${repository}`;
  expect(await digestsIn(join(work, layout))).toEqual(await digestsOfImage(registry, tag));
});

test('a second start on the same data is refused while the first runs', async () => {
  const second = startDev(await freePortBase(PORTS));
  expect(await waitFor(second.exitCode, second.output)).toBe(2);
  expect(second.output()).toContain('in use');
  expect(dev.exitCode()).toBeUndefined();
});

test('told to stop as a supervisor does, it ends with exit code 0 and leaves nobody behind', async () => {
  process.kill(dev.pid, 'SIGTERM');
  expect(await waitFor(dev.exitCode, dev.output)).toBe(0);
  await expect(fetch(`http://127.0.0.1:${base}/v2/`)).rejects.toThrow('fetch failed');
});

test('it starts again on what it left, and Ctrl-C, which reaches every process, ends it cleanly', async () => {
  dev = startDev(base);
  await waitForOutput(dev, READY);
  expect(await dev.stop('SIGINT')).toBe(0);
});

function startDev(portBase: number): RunningProcess {
  const args = ['start', '--', '--port-base', String(portBase)];
  return startProcess('npm', args, { cwd: clone, env: systemEnvironment() });
}

async function cloneHead(): Promise<void> {
  // The checkout may belong to another user than the one who tests; a clone of it is harmless.
  const config = join(folder, 'gitconfig');
  await writeFile(config, '[safe]\n\tdirectory = *\n');
  const env = { ...systemEnvironment(), GIT_CONFIG_GLOBAL: config };
  await mustRun('git', ['clone', '--quiet', ROOT, clone], { env });
}

async function workFolder(name: string): Promise<string> {
  const work = join(folder, name);
  await mkdir(work);
  return work;
}

async function runPrinted(pattern: RegExp): Promise<string[]> {
  const command = pattern.exec(told)?.[1] ?? 'false';
  return [await mustRun('bash', ['-c', command])];
}

interface AnyManifest {
  readonly manifests?: ReadonlyArray<{ readonly digest: string }>;
  readonly config?: { readonly digest: string };
  readonly layers?: ReadonlyArray<{ readonly digest: string }>;
}

/** Everything that belongs to an image, by walking its manifests in the registry. */
async function digestsOfImage(registry: string, reference: string): Promise<string[]> {
  const accept = ['manifest', 'index'].map((kind) => `application/vnd.oci.image.${kind}.v1+json`);
  const answer = await fetch(`${registry}/manifests/${reference}`, {
    headers: { accept: accept.join(', ') },
  });
  const text = await answer.text();
  const { manifests = [], config, layers = [] }: AnyManifest = JSON.parse(text);
  const children = manifests.map(({ digest }) => digestsOfImage(registry, digest));
  const below = (await Promise.all(children)).flat();
  const blobs = [...layers, ...(config === undefined ? [] : [config])].map(({ digest }) => digest);
  return [...new Set([digestOf(text), ...blobs, ...below])].sort();
}
