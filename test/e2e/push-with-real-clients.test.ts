// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePortBase } from '../support/free-port.ts';
import { startProcess, stopAllProcesses, waitForOutput } from '../support/processes.ts';
import {
  type Containerd,
  skopeoCopy,
  skopeoDelete,
  skopeoListTags,
  skopeoPush,
  startContainerd,
} from './clients.ts';
import { pushSampleImage } from './docker-registry.ts';
import { PROGRAM } from './front.ts';
import { buildSampleImage, digestsIn, type SampleImage } from './sample-image.ts';

const PORTS = 5;

let folder: string;
let image: SampleImage;
/** Host and port of `archeion dev`: pushed to the one, pulled from the other. */
let registry: string;
let front: string;
let containerd: Containerd;
let wanted: readonly string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-clients-'));
  image = await buildSampleImage(join(folder, 'image'));
  const base = await freePortBase(PORTS);
  [front, registry] = [`127.0.0.1:${base}`, `127.0.0.1:${base + 2}`];
  const args = [PROGRAM, 'dev', '--port-base', String(base), '--data', join(folder, 'data')];
  await waitForOutput(startProcess(process.execPath, args), /^archeion dev is ready/m);
  await pushSampleImage(image, `${registry}/team/app`);
  await skopeoCopy(`${registry}/team/app:v1`, join(folder, 'wanted'));
  wanted = await digestsIn(join(folder, 'wanted'));
  containerd = await startContainerd(join(folder, 'containerd'));
});

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

test('what skopeo pushed it pulls again, through the front too, with every digest', async () => {
  expect(wanted).toContain(image.indexDigest);
  expect(wanted).toEqual(expect.arrayContaining([...image.platformDigests]));
  const layout = join(folder, 'front');
  expect(await skopeoCopy(`${front}/team/app:v1`, layout)).toMatchObject({ code: 0 });
  expect(await digestsIn(layout)).toEqual(wanted);
});

test('skopeo copies from one repository to another, and pushes again what is there', async () => {
  const from = `docker://${registry}/team/app:v1`;
  for (const tag of ['v1', 'v1', 'v2']) {
    const pushed = await skopeoPush(from, `${registry}/team/copy:${tag}`);
    expect(pushed).toMatchObject({ code: 0 });
  }
  expect(await skopeoListTags(`${registry}/team/copy`)).toEqual(['v1', 'v2']);
  const layout = join(folder, 'copy');
  expect(await skopeoCopy(`${registry}/team/copy:v2`, layout)).toMatchObject({ code: 0 });
  expect(await digestsIn(layout)).toEqual(wanted);
});

test('containerd pushes what it fetched', async () => {
  const fetched = await containerd.fetch('push', `${registry}/team/app:v1`);
  expect(fetched).toMatchObject({ code: 0 });
  const target = `${registry}/team/containerd:v1`;
  const pushed = await containerd.push('push', target, `${registry}/team/app:v1`);
  expect(pushed).toMatchObject({ code: 0 });
  const layout = join(folder, 'from-containerd');
  expect(await skopeoCopy(target, layout)).toMatchObject({ code: 0 });
  expect(await digestsIn(layout)).toEqual(wanted);
});

test('a referrer is listed with its subject, until it is deleted', async () => {
  const list = async () => {
    const url = `http://${registry}/v2/team/app/referrers/${image.indexDigest}`;
    const { manifests } = JSON.parse(await (await fetch(url)).text());
    return manifests.map(({ digest }: { readonly digest: string }) => digest);
  };
  expect(await list()).toEqual([image.referrerDigest]);
  const referrer = `${registry}/team/app@${image.referrerDigest}`;
  expect(await skopeoDelete(referrer)).toMatchObject({ code: 0 });
  expect(await list()).toEqual([]);
});

test('what skopeo deleted is gone, and stays where else it was', async () => {
  expect(
    await skopeoPush(`docker://${registry}/team/app:v1`, `${registry}/team/gone:v1`),
  ).toMatchObject({ code: 0 });
  expect(await skopeoDelete(`${registry}/team/gone:v1`)).toMatchObject({ code: 0 });
  const pulled = await skopeoCopy(`${registry}/team/gone:v1`, join(folder, 'gone'));
  expect(pulled.code).not.toBe(0);
  expect(await skopeoListTags(`${registry}/team/gone`)).toEqual([]);
  const kept = await skopeoCopy(`${registry}/team/app:v1`, join(folder, 'kept'));
  expect(kept).toMatchObject({ code: 0 });
});
