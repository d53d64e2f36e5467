// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { UPLOAD_LIMITS } from '../../src/http/limits.ts';
import { silentLog } from '../../src/log.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import type { RegistryPorts } from '../../src/registry/registry-ports.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { fakeAccess } from '../support/fake-access.ts';
import { head, readToClose, sendRaw } from '../support/raw-http.ts';
import { imageOf, indexOf } from '../support/registry-pushes.ts';
import { pullAll } from '../support/registry-reading.ts';
import { startTestServer } from '../support/start-server.ts';
import { keysIn } from '../support/storage-reading.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-push-'));
  folders.push(folder);
  return folder;
}

async function startRegistry(folder: string, ports: Partial<RegistryPorts> = {}) {
  const storage = filesystemDriver(folder);
  const handler = registryHandler({ storage, log: silentLog, ...ports });
  const { port } = await startTestServer(handler, { limits: UPLOAD_LIMITS });
  const url = `http://127.0.0.1:${port}`;
  const send = (method: string, path: string, init: RequestInit = {}) =>
    fetch(new URL(path, `${url}/v2/`), { method, ...init });
  const start = async () => {
    const answer = await send('POST', 'app/blobs/uploads/');
    return answer.headers.get('location') ?? '';
  };
  return { storage, handler, port, send, start };
}

type Running = Awaited<ReturnType<typeof startRegistry>>;

const LAYER = Buffer.alloc(3 * 1024 * 1024, 'layer ');
const WAYS: ReadonlyArray<readonly [string, (registry: Running) => Promise<Response>]> = [
  ['POST', ({ send }) => send('POST', `app/blobs/uploads/?digest=${digestOf(LAYER)}`, whole())],
  [
    'POST, PUT',
    async ({ send, start }) => send('PUT', `${await start()}?digest=${digestOf(LAYER)}`, whole()),
  ],
  [
    'POST, a streamed PATCH, PUT',
    async ({ send, start }) => {
      const location = await start();
      const body = new Blob([LAYER]).stream();
      // The types of fetch do not know of it, and it refuses a stream without it.
      const init = { body, duplex: 'half' } as RequestInit;
      expect((await send('PATCH', location, init)).status).toBe(202);
      return send('PUT', `${location}?digest=${digestOf(LAYER)}`);
    },
  ],
  [
    'POST, PATCHes by range, PUT of the rest, by sha512',
    async ({ send, start }) => {
      const location = await start();
      const cut = [0, 1_000_000, 2_500_000, LAYER.byteLength];
      const chunk = (index: number) => {
        const [first = 0, end = 0] = [cut[index], cut[index + 1]];
        const headers = { 'content-range': `${first}-${end - 1}` };
        return { body: LAYER.subarray(first, end), headers };
      };
      for (const index of [0, 1]) {
        expect((await send('PATCH', location, chunk(index))).status).toBe(202);
      }
      return send('PUT', `${location}?digest=${digestOf(LAYER, 'sha512')}`, chunk(2));
    },
  ],
];

function whole(): RequestInit {
  return { body: LAYER };
}

test.each(WAYS)('a layer on the file system: %s', async (_, push) => {
  const folder = await newFolder();
  const registry = await startRegistry(folder);
  const answer = await push(registry);
  expect(answer.status).toBe(201);
  const pulled = await registry.send('GET', answer.headers.get('location') ?? '');
  expect(Buffer.from(await pulled.arrayBuffer()).equals(LAYER)).toBe(true);
  expect(await keysIn(registry.storage, 'uploads/')).toEqual([]);
  for (const name of ['.tmp', '.uploads']) {
    expect(await readdir(join(folder, name)).catch(() => [])).toEqual([]);
  }
});

test('an index of images is pushed, and all of it is pulled again', async () => {
  const { send, handler } = await startRegistry(await newFolder());
  for (const content of ['layer', '{}']) {
    await send('POST', `app/blobs/uploads/?digest=${digestOf(content)}`, { body: content });
  }
  const images = ['amd64', 'arm64'].map((name) => imageOf('layer', { annotations: { name } }));
  const types = (kind: string) => ({
    'content-type': `application/vnd.oci.image.${kind}.v1+json`,
  });
  for (const body of images) {
    const path = `app/manifests/${digestOf(body)}`;
    expect((await send('PUT', path, { body, headers: types('manifest') })).status).toBe(201);
  }
  const init = { body: indexOf(images), headers: types('index') };
  expect((await send('PUT', 'app/manifests/v1', init)).status).toBe(201);
  expect(await pullAll(handler, 'app', 'v1')).toHaveLength(5);
});

test('of chunks that several processes take at once exactly one counts', async () => {
  const folder = await newFolder();
  const running = [await startRegistry(folder), await startRegistry(folder)];
  const location = (await running[0]?.start()) ?? '';
  for (let round = 0; round < 5; round++) {
    // Without it a chunk that comes a little later would be the next one.
    const headers = { 'content-range': `${round}-${round}` };
    const sent = running.flatMap(({ send }) =>
      ['a', 'b', 'c'].map((body) => send('PATCH', location, { body, headers })),
    );
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([202, 416, 416, 416, 416, 416]);
  }
  const status = await running[1]?.send('GET', location);
  expect(status?.headers.get('range')).toBe('0-4');
});

test('a client that goes away in a chunk finds its upload as it was before', async () => {
  const { port, send, start, storage } = await startRegistry(await newFolder());
  const location = await start();
  await send('PATCH', location, { body: 'abc' });
  const socket = connect(port, '127.0.0.1');
  socket.write(head(`PATCH ${location} HTTP/1.1`, 'Content-Length: 1000'));
  socket.write('some of it');
  const parts = async () => (await readdir(join(folders.at(-1) ?? '', '.uploads'))).length;
  await vi.waitFor(async () => expect(await parts()).toBe(2));
  socket.destroy();
  await vi.waitFor(async () => expect(await parts()).toBe(1));
  expect((await send('GET', location)).headers.get('range')).toBe('0-2');
  expect((await send('PUT', `${location}?digest=${digestOf('abc')}`)).status).toBe(201);
  expect(await keysIn(storage, 'uploads/')).toEqual([]);
});

test('threat 2: a manifest of 1 GiB without a length is refused by 4 MiB, and the memory stays', async () => {
  const { port } = await startRegistry(await newFolder());
  const before = process.memoryUsage().rss;
  const socket = connect(port, '127.0.0.1');
  const answer = readToClose(socket);
  socket.write(head('PUT /v2/app/manifests/v1 HTTP/1.1', 'Transfer-Encoding: chunked'));
  const chunk = Buffer.concat([
    Buffer.from('100000\r\n'),
    Buffer.alloc(1 << 20),
    Buffer.from('\r\n'),
  ]);
  let sent = 0;
  const send = (): void => {
    while (sent < 1024 && !socket.destroyed) {
      sent += 1;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', send);
  send();
  expect((await answer).statuses).toEqual([413]);
  expect(sent).toBeLessThan(64);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test('a body that would be refused is not asked for', async () => {
  const access = fakeAccess({});
  const { port } = await startRegistry(await newFolder(), { access });
  const lines = ['Content-Length: 5', 'Expect: 100-continue', 'Connection: close'];
  const { text, statuses } = await sendRaw(
    port,
    head('PUT /v2/app/manifests/v1 HTTP/1.1', ...lines),
  );
  expect(statuses).toEqual([401]);
  expect(text).not.toContain('100 Continue');
  const open = await startRegistry(await newFolder());
  const large = [`Content-Length: ${5 * 1024 * 1024}`, ...lines.slice(1)];
  const refused = await sendRaw(open.port, head('PUT /v2/app/manifests/v1 HTTP/1.1', ...large));
  expect(refused.statuses).toEqual([413]);
  expect(refused.text).not.toContain('100 Continue');
});
