// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tar } from '../../src/registry/transfer/tar.ts';
import { openArchive } from '../../src/upstream/archive/read-archive.ts';
import {
  changes,
  filledRegistry,
  type Meet,
  pushableRegistry,
} from '../support/pushable-registry.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { bytesIn } from '../support/storage-reading.ts';

const bundle = (...args: string[]) => runCommand(['bundle', ...args]);

/** A registry, and a place for a bundle. */
async function setting(meet?: Meet) {
  const [from, folder] = await Promise.all([filledRegistry(meet), temporaryFolder()]);
  const sources = [`${from.name}/team/app:v1`, `${from.name}/other:v1`];
  return { from, folder, sources, file: join(folder, 'site.tar') };
}

async function made() {
  const given = await setting();
  expect(await bundle('create', given.file, ...given.sources)).toMatchObject({ exit: 0, err: '' });
  return given;
}

describe('archeion bundle', () => {
  test('carries images from one registry to another', async () => {
    const { from, folder, file } = await made();
    expect(await readdir(folder)).toEqual(['site.tar']);
    const to = await pushableRegistry();
    const loaded = await bundle('load', file, `${to.name}/`, '--json');
    expect(JSON.parse(loaded.out)).toMatchObject({
      manifests: 5,
      blobs: 6,
      mounted: 2,
      failed: [],
    });
    expect(await to.pulled('team/app', 'v1')).toEqual(await from.pulled('team/app', 'v1'));
    expect(await to.pulled('other', 'v1')).toEqual(await from.pulled('other', 'v1'));
    const before = to.asked.length;
    expect(await bundle('load', file, `${to.name}/`)).toMatchObject({ exit: 0 });
    expect(changes(to.asked.slice(before))).toEqual([]);
  });

  test('says what is in it, without a network', async () => {
    const { file, from } = await made();
    const { exit, out } = await bundle('verify', file, '--json');
    expect(exit).toBe(0);
    const [app, other] = ['team/app:v1', 'other:v1'];
    const images = [
      { name: other, digest: from.platforms[0].digest, platforms: [] },
      { name: app, digest: from.index.digest, platforms: [] },
    ];
    const report = JSON.parse(out);
    expect(report).toMatchObject({ manifests: 4, blobs: 6, problems: [] });
    expect(report.images).toEqual(expect.arrayContaining(images));
  });

  test('has the same bytes, in whatever order its images come', async () => {
    const { file, sources, folder } = await made();
    const again = join(folder, 'again.tar');
    await bundle('create', again, ...sources.toReversed());
    expect(await readFile(again)).toEqual(await readFile(file));
  });

  test('has the same bytes, whatever an attempt for others has left', async () => {
    const { file, from, sources, folder } = await made();
    const again = join(folder, 'again.tar');
    await bundle('create', again, ...sources, `${from.name}/team/app:gone`);
    expect(await bundle('create', again, sources[1] ?? '')).toMatchObject({ exit: 0 });
    const small = await bundle('verify', again, '--json');
    expect(JSON.parse(small.out)).toMatchObject({ manifests: 1, problems: [] });
    expect(await readFile(again)).not.toEqual(await readFile(file));
  });

  test('that was begun is gone on with, and shows when it is whole', async () => {
    let left = 3;
    const isBlob = (line: string) => line.startsWith('GET') && line.includes('/blobs/');
    const { from, folder, file, sources } = await setting(({ method, target }) =>
      isBlob(`${method} ${target}`) && left-- <= 0 ? { status: 403, headers: [] } : undefined,
    );
    expect(await bundle('create', file, ...sources)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('was not made'),
    });
    expect(await readdir(folder)).toEqual(['site.tar.partial']);
    const fetched = from.asked.filter(isBlob).slice(0, 3);
    const before = from.asked.length;
    left = Number.POSITIVE_INFINITY;
    expect(await bundle('create', file, ...sources)).toMatchObject({ exit: 0 });
    const more = from.asked.slice(before).filter(isBlob);
    expect(more).toHaveLength(3);
    expect(more.filter((line) => fetched.includes(line))).toEqual([]);
    expect(await readdir(folder)).toEqual(['site.tar']);
  });

  test('that is there is not changed', async () => {
    const { file, sources } = await made();
    const before = await readFile(file);
    const { exit, err } = await bundle('create', file, ...sources);
    expect({ exit, err }).toMatchObject({ exit: 1, err: expect.stringContaining('there already') });
    expect(await readFile(file)).toEqual(before);
  });
});

/** The files of a bundle, to be put together otherwise. */
async function contentOf(file: string): Promise<Map<string, Buffer>> {
  const { entries, files, close } = await openArchive(file);
  const content = new Map<string, Buffer>();
  for (const path of entries.keys()) {
    content.set(path, await bytesIn((await files.stream(path, undefined)) ?? []));
  }
  await close();
  return content;
}

const archived = (content: Iterable<readonly [string, Buffer]>) =>
  tar(Array.from(content, ([path, bytes]) => ({ path, mode: 0o644, bytes })));
const blobPath = (text: string) =>
  `blobs/sha256/${createHash('sha256').update(text).digest('hex')}`;

type Spoil = (content: Map<string, Buffer>, digest: string) => Iterable<readonly [string, Buffer]>;

const SPOILT: ReadonlyArray<readonly [string, Spoil, string]> = [
  [
    'with other bytes under a digest',
    (content, digest) => content.set(digest, Buffer.alloc(content.get(digest)?.length ?? 0)),
    'other bytes',
  ],
  [
    'without a blob that a manifest lists',
    (content, digest) => [...content].filter(([path]) => path !== digest),
    'not there',
  ],
  [
    'with a blob that nothing refers to',
    (content) => content.set(blobPath('more'), Buffer.from('more')),
    'nothing refers to it',
  ],
  [
    'with a file of something else',
    (content) => content.set('run.sh', Buffer.from('x')),
    'foreign',
  ],
  [
    'with a digest of no known algorithm',
    (content) => content.set('blobs/md5/ab', Buffer.from('x')),
    'foreign',
  ],
  ['with two files of one path', (content) => [...content, ...content], 'twice'],
  [
    'with a path that leads out',
    (content) => content.set('blobs/../../x', Buffer.from('x')),
    'leads elsewhere',
  ],
  [
    'without an index',
    (content) => [...content].filter(([path]) => path !== 'index.json'),
    'has no index.json',
  ],
  [
    'that is no layout',
    (content) => content.set('oci-layout', Buffer.from('{"imageLayoutVersion":"2.0.0"}')),
    'no image layout',
  ],
  [
    'with an index that is none',
    (content) => content.set('index.json', Buffer.from('[]')),
    'malformed index',
  ],
  [
    'with an index that is too large',
    (content) => content.set('index.json', Buffer.alloc(5 * 1024 ** 2, ' ')),
    'more than',
  ],
];

describe('threat 35: a bundle is refused, and nothing of it is written', () => {
  test.each(SPOILT)('%s', async (_, spoil, problem) => {
    const { file, from } = await made();
    const to = await pushableRegistry();
    const digest = `blobs/sha256/${from.platforms[0].digest.slice(7)}`;
    await writeFile(file, archived(spoil(await contentOf(file), digest)));
    const verified = await bundle('verify', file);
    expect(verified).toMatchObject({ exit: 4, err: expect.stringContaining(problem) });
    const loaded = await bundle('load', file, `${to.name}/`);
    expect(loaded).toMatchObject({ exit: 4, err: expect.stringContaining('nothing was written') });
    expect(to.asked).toEqual([]);
  });

  test('that is cut off', async () => {
    const { file } = await made();
    const { length } = await readFile(file);
    await truncate(file, length - 1_500);
    const { exit, err } = await bundle('verify', file);
    expect({ exit, err }).toMatchObject({ exit: 4, err: expect.stringContaining('cut off') });
  });

  test('a bundle that is not there is another matter', async () => {
    const { file } = await setting();
    expect(await bundle('verify', file)).toMatchObject({ exit: 1 });
  });
});
