// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePortBase, waitForHttp } from '../support/free-port.ts';
import { sha256Of, someManifest } from '../support/image-documents.ts';
import { type RunningProcess, startProcess, stopAllProcesses } from '../support/processes.ts';
import { PROGRAM } from './front.ts';

const KILLS = 20;
/** What a client says of a connection that broke. */
const BROKEN = /fetch failed|terminated/;
/** Clients that push at the same time. */
const CLIENTS = 4;

let folder: string;
let base: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-kill-'));
  base = await freePortBase(5);
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

async function start(): Promise<RunningProcess> {
  const line = [PROGRAM, 'dev', '--port-base', String(base), '--data', join(folder, 'dev')];
  const running = startProcess(process.execPath, line);
  await waitForHttp(`http://127.0.0.1:${base}/v2/`, running);
  return running;
}

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${base + 2}/v2/killed/${path}`, init);
}

interface Pushed {
  readonly tag: string;
  readonly layer: string;
  readonly manifest: string;
}

function imageOf(tag: string): Pushed {
  const layer = `the layer of ${tag} `.repeat(5_000);
  const digest = sha256Of(layer);
  const described = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest };
  const layers = [{ ...described, size: layer.length }];
  return { tag, layer, manifest: Buffer.from(someManifest({ layers }).bytes).toString() };
}

/** In chunks, as the layer of an image is; rejects when the registry is gone, or refuses. */
async function push({ tag, layer, manifest }: Pushed): Promise<void> {
  await pushBlob('{}');
  await pushBlob(layer);
  const { mediaType } = JSON.parse(manifest);
  const headers = { 'content-type': mediaType };
  await requireOk(ask(`manifests/${tag}`, { method: 'PUT', headers, body: manifest }));
}

async function pushBlob(content: string): Promise<void> {
  const started = await requireOk(ask('blobs/uploads/', { method: 'POST' }));
  const location = new URL(started.headers.get('location') ?? '', started.url);
  await requireOk(fetch(location, { method: 'PATCH', body: content }));
  location.searchParams.set('digest', sha256Of(content));
  await requireOk(fetch(location, { method: 'PUT' }));
}

async function requireOk(asking: Promise<Response>): Promise<Response> {
  const answer = await asking;
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

test(`of ${KILLS} kills in the middle of pushes none loses what was acknowledged, or leaves a half`, async () => {
  const acknowledged = new Map<string, Pushed>();
  let running = await start();
  for (let round = 0; round < KILLS; round++) {
    const refused: unknown[] = [];
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let count = 0; ; count++) {
        const image = imageOf(`r${round}-c${client}-${count}`);
        await push(image);
        acknowledged.set(image.tag, image);
      }
    });
    const ended = clients.map((client) => client.catch((error) => refused.push(error)));
    await sleep(randomInt(20, 400));
    process.kill(running.pid, 'SIGKILL');
    await Promise.all(ended);
    // Connections that broke, and nothing that the registry itself refused.
    expect(refused.map(String).filter((text) => !BROKEN.test(text))).toEqual([]);
    running = await start();
    await requireWhole(acknowledged);
  }
  expect(acknowledged.size).toBeGreaterThan(0);
}, 300_000);

/** Every tag that was acknowledged, and every tag there is besides, leads to all of its image. */
async function requireWhole(acknowledged: ReadonlyMap<string, Pushed>): Promise<void> {
  const list = await ask('tags/list');
  const tags: string[] = list.ok ? JSON.parse(await list.text()).tags : [];
  expect(tags).toEqual(expect.arrayContaining([...acknowledged.keys()]));
  for (const tag of tags) {
    const image = imageOf(tag);
    expect(await (await ask(`manifests/${tag}`)).text()).toBe(image.manifest);
    expect(await (await ask(`blobs/${sha256Of(image.layer)}`)).text()).toBe(image.layer);
  }
}
