// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { RegistryDocument } from '../../src/config/registry.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { bucketStorage, startReplica } from './s3-registry.ts';
import { startVersityGateway } from './s3-servers.ts';

const MIB = 1024 * 1024;
/** `ARCHEION_BIG=1` takes 15 GiB of disk and some minutes. */
const SIZE = (process.env['ARCHEION_BIG'] === '1' ? 5 * 1024 : 256) * MIB;
const MOST_MEMORY = 200 * MIB;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-big-'));
});

afterEach(stopAllProcesses);
afterAll(() => rm(folder, { recursive: true }));

/** Bytes that repeat nowhere, a mebibyte at a time. */
function* bytes(): Generator<Uint8Array> {
  const chunk = Buffer.alloc(MIB, 'the bytes of a large layer ');
  for (let count = 0; count < SIZE / MIB; count++) {
    chunk.writeUInt32BE(count);
    yield Buffer.from(chunk);
  }
}

function streamed(): ReadableStream {
  const chunks = bytes();
  return new ReadableStream({
    pull(controller) {
      const { value, done } = chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function digest(): string {
  const hash = createHash('sha256');
  for (const chunk of bytes()) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

/** The most that a process ever had in memory. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

const STORES: ReadonlyArray<readonly [string, () => Promise<RegistryDocument['storage']>]> = [
  [
    'S3',
    async () => {
      const storage = await bucketStorage(await startVersityGateway(folder), folder);
      return { ...storage, redirect: false } as RegistryDocument['storage'];
    },
  ],
  [
    'the file system',
    async () => {
      const directory = join(folder, 'registry');
      await mkdir(directory);
      return { kind: 'filesystem', directory };
    },
  ],
];

test.each(STORES)(
  `${SIZE / MIB} MiB are pushed and pulled over %s within ${MOST_MEMORY / MIB} MiB of memory`,
  async (name, open) => {
    const { url, running } = await startReplica(folder, { storage: await open() });
    const expected = digest();
    const started = await fetch(`${url}/v2/big/blobs/uploads/`, { method: 'POST' });
    const location = `${url}${started.headers.get('location')}`;
    const begun = performance.now();
    const patched = await fetch(location, { method: 'PATCH', body: streamed(), duplex: 'half' });
    expect(patched.status).toBe(202);
    const done = await fetch(`${location}?digest=${expected}`, { method: 'PUT' });
    expect([done.status, await done.text()]).toEqual([201, '']);
    const pushed = performance.now();
    const peakOfPush = await peakOf(running.pid);
    const hash = createHash('sha256');
    const pulled = await fetch(`${url}/v2/big/blobs/${expected}`);
    for await (const chunk of pulled.body ?? []) hash.update(chunk);
    expect(`sha256:${hash.digest('hex')}`).toBe(expected);
    const peak = await peakOf(running.pid);
    const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
    console.log(
      `${name}: push ${seconds(begun, pushed)} s, ${Math.round(peakOfPush / MIB)} MiB; pull ${seconds(pushed, performance.now())} s, ${Math.round(peak / MIB)} MiB`,
    );
    expect(peak).toBeLessThan(MOST_MEMORY);
  },
  1_800_000,
);
