// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stopAllProcesses } from '../support/processes.ts';
import { skopeoListTags } from './clients.ts';
import { type DockerRegistry, putManifest, startDockerRegistry } from './docker-registry.ts';
import { type Front, startFront } from './front.ts';
import { type PagingUpstream, startPagingUpstream } from './paging-upstream.ts';
import { blobFile, buildSampleImage } from './sample-image.ts';

const TAGS = Array.from({ length: 250 }, (_, index) => `v${String(index).padStart(4, '0')}`);
const LIST = '/v2/tools/sample/tags/list';

let folder: string;
let registry: DockerRegistry;
let paging: PagingUpstream;
let overRegistry: Front;
let overPaging: Front;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-tags-'));
  registry = await startDockerRegistry(folder);
  await pushTags();
  paging = await startPagingUpstream(TAGS, 100);
  const prefix = { repositoryPrefix: 'acme/images' };
  overRegistry = await startFront(join(folder, 'one'), {
    upstreams: [{ name: 'debian', url: registry.url, ...prefix }],
  });
  overPaging = await startFront(join(folder, 'two'), {
    upstreams: [{ name: 'paging', url: paging.url, ...prefix }],
  });
});

afterAll(async () => {
  await stopAllProcesses();
  await paging?.stop();
  await rm(folder, { recursive: true });
});

test('skopeo lists every tag of an upstream that answers them all at once', async () => {
  // docker-registry 2.8 ignores `n` and keeps no order: what it says is what has to arrive.
  const upstream = await getPage(registry.url, '/v2/acme/images/tools/sample/tags/list');
  const found = await skopeoListTags(`${overRegistry.host}/tools/sample`);
  expect(found).toEqual(upstream.tags);
  expect([...found].sort()).toEqual(TAGS);
});

test('skopeo follows the pages of an upstream that answers a hundred at a time', async () => {
  expect(await skopeoListTags(`${overPaging.host}/tools/sample`)).toEqual(TAGS);
  expect(paging.asked.filter((target) => target.includes('last='))).toHaveLength(2);
});

test('every page and every link speaks of the name that the client asked for', async () => {
  const pages = await followPages(overPaging.url, `${LIST}?n=70`);
  expect(pages.flatMap(({ tags }) => tags)).toEqual(TAGS);
  expect(pages.map(({ tags }) => tags.length)).toEqual([70, 70, 70, 40]);
  expect(new Set(pages.map(({ name }) => name))).toEqual(new Set(['tools/sample']));
  expect(pages.map(({ next }) => next)).toEqual([
    `${LIST}?last=v0069&n=70`,
    `${LIST}?last=v0139&n=70`,
    `${LIST}?last=v0209&n=70`,
    undefined,
  ]);
});

test('a client may start in the middle', async () => {
  const page = await getPage(overPaging.url, `${LIST}?n=2&last=v0100`);
  expect(page).toMatchObject({ tags: ['v0101', 'v0102'], next: `${LIST}?last=v0102&n=2` });
});

async function pushTags(): Promise<void> {
  const image = await buildSampleImage(join(folder, 'image'));
  // An index without entries needs no blob, so a tag costs one request.
  const index = {
    ...JSON.parse(await readFile(blobFile(image.layout, image.indexDigest), 'utf8')),
  };
  const manifest = Buffer.from(JSON.stringify({ ...index, manifests: [] }));
  for (const tag of TAGS)
    await putManifest(`${registry.host}/acme/images/tools/sample`, tag, manifest);
}

interface Page {
  readonly name: string;
  readonly tags: readonly string[];
  /** Path and query of the next page, as a client reads them from `Link`. */
  readonly next: string | undefined;
}

async function getPage(origin: string, target: string): Promise<Page> {
  const answer = await fetch(`${origin}${target}`, { redirect: 'error' });
  const body: Pick<Page, 'name' | 'tags'> = JSON.parse(await answer.text());
  return { ...body, next: nextTarget(origin, answer.headers.get('link')) };
}

function nextTarget(origin: string, link: string | null): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return target === undefined ? undefined : new URL(target, origin).href.replace(origin, '');
}

async function followPages(origin: string, target: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (let next: string | undefined = target; next !== undefined; next = pages.at(-1)?.next) {
    pages.push(await getPage(origin, next));
  }
  return pages;
}
