// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { signedHeaders } from '../../src/registry/events/sign-webhook.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { imageOf } from '../support/registry-pushes.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningRegistry, startRegistry } from '../support/running-command.ts';
import { keysIn } from '../support/storage-reading.ts';
import { SECRET, webhookReceiver } from '../support/webhook-receiver.ts';

const PATIENCE = { timeout: 20_000 };

/** A configuration with an endpoint or several. */
async function configured(...endpoints: readonly object[]) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'store'));
  await writeFile(join(folder, 'secret'), `${SECRET}\n`);
  const file = join(folder, 'registry.yaml');
  const write = async (list: readonly object[]) => {
    const all = list.map((one) => ({ secretFile: 'secret', allowPrivate: true, ...one }));
    await writeFile(
      `${file}.new`,
      `listen: { port: 0 }
admin: { port: 0 }
storage: { kind: filesystem, directory: store }
shutdown: { grace: 50ms }
events: ${JSON.stringify({ endpoints: all })}
`,
    );
    await rename(`${file}.new`, file);
  };
  await write(endpoints);
  return { file, folder, write, storage: filesystemDriver(join(folder, 'store')) };
}

async function serve(file: string): Promise<RunningRegistry> {
  const registry = await startRegistry(['--config', file]);
  onTestFinished(async () => void (await registry.stop()));
  return registry;
}

/** New endpoints are told of what comes after them, so somebody has to have found it. */
async function isFollowed(storage: ReturnType<typeof filesystemDriver>, count = 1) {
  await expect.poll(() => keysIn(storage, 'events/endpoints/'), PATIENCE).toHaveLength(count);
}

async function pushTag({ url }: RunningRegistry, tag: string, layer = 'layer'): Promise<void> {
  for (const content of ['{}', layer]) {
    const path = `/v2/app/blobs/uploads/?digest=${digestOf(content)}`;
    await fetch(`${url}${path}`, { method: 'POST', body: content });
  }
  const body = imageOf(layer);
  const headers = { 'content-type': JSON.parse(body).mediaType };
  const answer = await fetch(`${url}/v2/app/manifests/${tag}`, { method: 'PUT', body, headers });
  expect(answer.status).toBe(201);
}

test('an endpoint gets a signed CloudEvent for each event of the types it wants', async () => {
  const receiver = await webhookReceiver();
  const { file, storage } = await configured({ name: 'all', url: receiver.url });
  const registry = await serve(file);
  await isFollowed(storage);
  await pushTag(registry, 'v1');
  await expect.poll(() => receiver.received.length, PATIENCE).toBe(2);
  const [pushed, set] = receiver.received;
  expect(pushed?.type).toBe('archeion.registry.manifest.pushed');
  expect(set?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(set?.headers['webhook-id']).toBe(set?.id);
  expect(set?.isSigned).toBe(true);
  expect(JSON.parse(set?.body ?? '')).toEqual({
    specversion: '1.0',
    id: set?.id,
    source: '/archeion/registry',
    type: 'archeion.registry.tag.set',
    subject: 'app:v1',
    time: expect.any(String),
    datacontenttype: 'application/json',
    data: {
      repository: 'app',
      tag: 'v1',
      digest: digestOf(imageOf('layer')),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.oci.image.config.v1+json',
      size: imageOf('layer').length,
    },
  });
  const metrics = () => fetch(`${registry.adminUrl}/metrics`).then((answer) => answer.text());
  await expect
    .poll(metrics, PATIENCE)
    .toContain('archeion_event_deliveries_total{endpoint="all",outcome="delivered"} 2');
  await expect.poll(metrics, PATIENCE).toContain('archeion_event_lag_seconds{endpoint="all"} 0');
});

test('one endpoint that is dead does not hold up another, which wants tags only', async () => {
  const dead = await webhookReceiver(() => {});
  const lively = await webhookReceiver();
  const { file, storage } = await configured(
    { name: 'dead', url: dead.url, timeout: '1m' },
    { name: 'tags', url: lively.url, types: ['tag.set', 'tag.deleted'] },
  );
  const registry = await serve(file);
  await isFollowed(storage, 2);
  await pushTag(registry, 'v1');
  await fetch(`${registry.url}/v2/app/manifests/v1`, { method: 'DELETE' });
  await expect
    .poll(lively.subjects, PATIENCE)
    .toEqual(['archeion.registry.tag.set app:v1', 'archeion.registry.tag.deleted app:v1']);
  expect(dead.received.length).toBe(1);
});

test('threat 33: an endpoint that fails or leads elsewhere is not followed, and gets the event again under the same id', async () => {
  const answers: ReadonlyArray<Parameters<typeof webhookReceiver>[0]> = [
    (response) => response.writeHead(500).end('x'.repeat(100_000)),
    (response) => response.writeHead(429, { 'retry-after': '1' }).end(),
    (response) => response.socket?.resetAndDestroy(),
    (response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  ];
  const receiver = await webhookReceiver((response, count) => {
    const answer = answers[count - 1] ?? (() => response.writeHead(200).end());
    answer(response, count);
  });
  const { file, storage } = await configured({
    name: 'hook',
    url: receiver.url,
    types: ['tag.set'],
  });
  const registry = await serve(file);
  await isFollowed(storage);
  await pushTag(registry, 'v1');
  await expect.poll(() => receiver.received.length, PATIENCE).toBe(5);
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1);
  const retries = await registry.logged('event-refused', 4);
  expect(retries.map(({ status, code }) => status ?? code)).toEqual([500, 429, 'unreachable', 307]);
}, 30_000);

test('what an endpoint never takes is put aside, and what follows is sent', async () => {
  const receiver = await webhookReceiver((response, count) =>
    response.writeHead(count === 1 ? 410 : 204).end(),
  );
  const { file, storage } = await configured({ name: 'hook', url: receiver.url });
  const registry = await serve(file);
  await isFollowed(storage);
  await pushTag(registry, 'v1');
  await expect.poll(() => receiver.received.length, PATIENCE).toBe(2);
  const [line] = await registry.logged('event-dead');
  const id = receiver.received[0]?.id;
  expect(line).toMatchObject({ endpoint: 'hook', id, status: 410 });
  expect(await keysIn(storage, 'events/dead/')).toEqual([`events/dead/hook/${id}`]);
});

test('threat 33: a private address is not connected to unless that is configured', async () => {
  const receiver = await webhookReceiver();
  const { file, storage } = await configured({
    name: 'hook',
    url: receiver.url,
    allowPrivate: false,
    attempts: 1,
  });
  const registry = await serve(file);
  await isFollowed(storage);
  await pushTag(registry, 'v1');
  const [line] = await registry.logged('event-dead');
  expect(line).toMatchObject({ code: 'forbidden-host' });
  expect(receiver.received).toEqual([]);
});

test('a registry that was stopped goes on where it was, and one that is reloaded too', async () => {
  const receiver = await webhookReceiver();
  const { file, storage, write } = await configured({
    name: 'hook',
    url: receiver.url,
    types: ['tag.set'],
  });
  const first = await startRegistry(['--config', file]);
  await isFollowed(storage);
  await pushTag(first, 'v1');
  await first.stop();
  const second = await serve(file);
  await pushTag(second, 'v2');
  await write([{ name: 'hook', url: receiver.url, types: ['tag.set'], timeout: '5s' }]);
  await second.logged('config-reloaded');
  await pushTag(second, 'v3');
  await expect
    .poll(receiver.subjects, PATIENCE)
    .toEqual(['v1', 'v2', 'v3'].map((tag) => `archeion.registry.tag.set app:${tag}`));
}, 30_000);

test('three registries over one store tell an endpoint of everything, and in its order', async () => {
  const receiver = await webhookReceiver((response) =>
    setTimeout(() => response.writeHead(204).end(), 20),
  );
  const { file, storage } = await configured({ name: 'hook', url: receiver.url });
  const registries = [
    await serve(file),
    await serve(file),
    await startRegistry(['--config', file]),
  ];
  await isFollowed(storage);
  const tags = Array.from({ length: 12 }, (_, place) => `v${place}`);
  for (const [place, tag] of tags.entries()) {
    const registry = registries[place % 2];
    if (registry !== undefined) await pushTag(registry, tag, `layer ${place}`);
  }
  await registries[2]?.stop();
  const told = tags.flatMap((tag, place) => [
    `archeion.registry.manifest.pushed app@${digestOf(imageOf(`layer ${place}`))}`,
    `archeion.registry.tag.set app:${tag}`,
  ]);
  await expect.poll(receiver.subjects, PATIENCE).toEqual(told);
}, 60_000);

test('threat 13: a secret that is missing, short or easily guessed is found at the start', async () => {
  const url = 'https://hooks.example.org';
  const { file, folder } = await configured(
    { name: 'a', url, secretFile: 'none' },
    { name: 'b', url, secretFile: 'short' },
    { name: 'c', url, secretFile: 'same' },
  );
  await writeFile(join(folder, 'short'), 'secret');
  await writeFile(join(folder, 'same'), 'x'.repeat(40));
  const { exit, err } = await runCommand(['registry', 'serve', '--config', file]);
  expect(exit).toBe(2);
  expect(err).toContain('cannot be read');
  expect(err).toContain('has fewer than 24 characters');
  expect(err).toContain('can be guessed');
});

test('threat 33: the receiver of the documentation takes what is signed and recent, and nothing else', async () => {
  const page = await readFile('docs/how-to/tell-others-what-happens.md', 'utf8');
  const source = /```js\n(.*?)```/s.exec(page)?.[1] ?? '';
  const script = join(await temporaryFolder(), 'receiver.mjs');
  await writeFile(script, source);
  const port = await freePort();
  const env = { PORT: String(port), SECRET };
  const receiver = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void receiver.kill());
  let printed = '';
  receiver.stdout.on('data', (chunk) => (printed += chunk));
  const body = JSON.stringify({ type: 'archeion.registry.tag.set', subject: 'app:v1' });
  const send = (secret: string, timestamp: number) =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body,
      headers: signedHeaders(secret, { id: 'x', timestamp, body }),
    }).then(
      ({ status }) => status,
      () => 0,
    );
  const now = Math.floor(Date.now() / 1_000);
  await expect.poll(() => send(SECRET, now), PATIENCE).toBe(204);
  expect(printed).toContain('x archeion.registry.tag.set app:v1');
  expect(await send('another secret, not that one', now)).toBe(401);
  expect(await send(SECRET, now - 600)).toBe(401);
});
