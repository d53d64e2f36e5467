// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { TestCertificate } from '../support/certificate.ts';
import { type FrontProcess, spawnFront, startFrontProcess } from '../support/front-process.ts';
import { stopAllProcesses, waitFor } from '../support/processes.ts';
import { certificateFor, connectTls, trusting } from '../support/tls-client.ts';
import { openClient, WORKERS_CONFIG } from '../support/workers.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-workers-files-'));
});
afterEach(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true, force: true });
});

const WORKERS = ['--workers', '2'] as const;

async function writePair({ cert, key }: TestCertificate): Promise<void> {
  await mkdir(join(folder, 'tls'), { recursive: true });
  await writeFile(join(folder, 'tls', 'tls.crt'), cert);
  await writeFile(join(folder, 'tls', 'tls.key'), key, { mode: 0o600 });
}

const [FIRST, NEXT] = [certificateFor(90), certificateFor(180)];
const OVER_TLS = WORKERS_CONFIG.replace(
  'port: 0 }',
  'port: 0, tls: { certificate: tls/tls.crt, key: tls/tls.key } }',
);

/** The certificates that both workers show: connections go to them in turn. */
async function shown({ url }: FrontProcess): Promise<string[]> {
  const subjects: string[] = [];
  for (const _ of [1, 2]) {
    const socket = await connectTls(Number(new URL(url).port), trusting(FIRST, NEXT));
    subjects.push(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  }
  return subjects;
}

test('every worker serves the certificate that was renewed', async () => {
  await writePair(FIRST);
  const front = await startFrontProcess(folder, OVER_TLS, WORKERS);
  expect(front.url).toMatch(/^https:/);
  expect(await shown(front)).toEqual(['test 1', 'test 1']);
  await writePair(NEXT);
  const loaded = await front.logged('certificate-loaded', 4);
  expect(loaded.map(({ worker }) => worker).sort()).toEqual([1, 1, 2, 2]);
  expect(await shown(front)).toEqual(['test 2', 'test 2']);
});

test('a certificate that cannot be used starts no worker, and is named once', async () => {
  await writePair({ cert: FIRST.cert, key: NEXT.key });
  const front = await spawnFront(folder, OVER_TLS, WORKERS);
  expect(await waitFor(front.exitCode, front.output)).toBe(2);
  expect(front.output().match(/listen\.tls\.\w+: /g)).toHaveLength(1);
});

test('every worker follows the list of repositories', async () => {
  await writeFile(join(folder, 'names.txt'), 'a\n');
  const config = `${WORKERS_CONFIG}repositories: { file: names.txt }\n`;
  const front = await startFrontProcess(folder, config, WORKERS);
  const statuses = async (repository: string) => {
    const clients = [openClient(front.url), openClient(front.url)];
    onTestFinished(() => clients.forEach(({ close }) => void close()));
    const answers = clients.map(({ pull }) => pull(`/v2/${repository}/manifests/v1`));
    return (await Promise.all(answers)).map((answer) => answer.slice(0, 3));
  };
  expect(await statuses('a')).toEqual(['307', '307']);
  expect(await statuses('b')).toEqual(['404', '404']);
  await writeFile(join(folder, 'names.new'), 'a\nb\n');
  await rename(join(folder, 'names.new'), join(folder, 'names.txt'));
  await expect.poll(() => statuses('b'), { timeout: 5_000 }).toEqual(['307', '307']);
});

test('every worker answers on every address when none is named', async () => {
  const config = WORKERS_CONFIG.replace('host: 127.0.0.1, ', '');
  const front = await startFrontProcess(folder, config, WORKERS);
  const { port } = new URL(front.url);
  for (const host of ['127.0.0.1', '[::1]', '127.0.0.1', '[::1]']) {
    const client = openClient(`http://${host}:${port}`);
    onTestFinished(client.close);
    expect(await client.pull('/v2/a/manifests/v1')).toMatch(/^307 /);
  }
});
