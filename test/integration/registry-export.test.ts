// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { blobKey, linkKey, manifestKey, tagKey } from '../../src/registry/store/layout.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { ociLayoutSource } from '../../src/upstream/oci-layout.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { pullAll } from '../support/registry-reading.ts';
import { runCommand } from '../support/run-command.ts';
import { keysIn } from '../support/storage-reading.ts';

const run = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'export', '--directory', folder, ...args]);

/** A registry, and a place for a layout. */
async function setting() {
  const registry = await registryFolder();
  const target = join(await temporaryFolder(), 'layout');
  return { ...registry, target, to: (...args: string[]) => run(registry.folder, ...args) };
}

async function indexOf(target: string) {
  return JSON.parse(await readFile(join(target, 'index.json'), 'utf8'));
}

function blobIn(target: string, digest: string): string {
  return join(target, 'blobs', ...digest.split(':'));
}

const REF_NAME = 'org.opencontainers.image.ref.name';

describe('archeion registry export', () => {
  test('gives what registry import takes, platforms and referrers included', async () => {
    const { target, to, storage } = await setting();
    expect(await to('team/app:v1', target)).toMatchObject({ exit: 0, err: '' });
    const copy = memoryDriver();
    const source = await ociLayoutSource(target);
    await importImage({ source, storage: copy, repository: 'copy', reference: 'v1', tag: 'v1' });
    const pull = pullHandler({ storage: copy, log: silentLog });
    const original = pullHandler({ storage, log: silentLog });
    expect(await pullAll(pull, 'copy', 'v1')).toEqual(await pullAll(original, 'team/app', 'v1'));
  });

  test('names all tags of a repository, and lists the referrers once', async () => {
    const { target, to, index, referrer } = await setting();
    const { out } = await to('team/app', `oci:${target}`, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 4, blobs: 6, skipped: 0, missing: [] });
    expect((await indexOf(target)).manifests).toEqual([
      { ...index, annotations: { [REF_NAME]: 'v1' } },
      { ...index, annotations: { [REF_NAME]: 'v2' } },
      { ...referrer, artifactType: 'text/signature' },
    ]);
    expect(JSON.parse(await readFile(join(target, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
  });

  test('adds to a layout that is there, and copies nothing twice', async () => {
    const { target, to, platforms, index } = await setting();
    await to('other:v1', target);
    await to(`team/app@${index.digest}`, target);
    const { out } = await to('team/app:v2', target, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 0, blobs: 0, bytes: 0, skipped: 10 });
    const { manifests } = await indexOf(target);
    expect(manifests).toHaveLength(4);
    expect(manifests[0]).toEqual({ ...platforms[0], annotations: { [REF_NAME]: 'v1' } });
    expect(manifests[1]).toEqual(index);
  });

  test('a blob of the layout that is damaged is written again', async () => {
    const { target, to, index } = await setting();
    await to('team/app:v1', target);
    await writeFile(blobIn(target, index.digest), 'x'.repeat(index.size));
    const { out } = await to('team/app:v1', target, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 1, bytes: index.size });
    expect(digestOf(await readFile(blobIn(target, index.digest)))).toBe(index.digest);
  });

  test('says what is not there, and then writes nothing', async () => {
    const { target, to } = await setting();
    expect(await to('team/app:v9', target)).toMatchObject({
      exit: 1,
      err: expect.stringContaining('"team/app" has no "v9"'),
    });
    expect((await to('none', target)).exit).toBe(1);
    await expect(readdir(target)).rejects.toThrow('ENOENT');
  });
});

describe('a store that is damaged', () => {
  test('gives no layout with other bytes', async () => {
    const { target, to, storage } = await setting();
    const layer = digestOf('arm64');
    await storage.write(blobKey(layer), 'ARM64');
    const { exit, err } = await to('team/app:v1', target);
    expect(exit).toBe(1);
    expect(err).toContain(`key "${blobKey(layer)}"`);
    await expect(readFile(join(target, 'index.json'))).rejects.toThrow('ENOENT');
    const names = await readdir(join(target, 'blobs', 'sha256'));
    expect(names.filter((name) => name.startsWith('.') || name === layer.slice(7))).toEqual([]);
  });

  test('names the blob that a repository lacks', async () => {
    const { target, to, storage } = await setting();
    const key = linkKey(digestOf('arm64'), 'team/app');
    await storage.remove(key);
    expect((await to('team/app:v1', target)).err).toContain(key);
  });

  test('what an index lists may be missing, and is named', async () => {
    const { target, to, storage, platforms } = await setting();
    await storage.remove(manifestKey('team/app', platforms[1].digest));
    const { exit, out } = await to('team/app:v1', target);
    expect(exit).toBe(5);
    expect(out).toContain(`listed, and not there: ${platforms[1].digest}`);
  });

  test('layers that are to be had from elsewhere are left out, and named', async () => {
    const { target, to, storage, source } = await setting();
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const layer = { mediaType, digest: digestOf('elsewhere'), size: 9 };
    source.tag('foreign', addImage(source, 'x', { layers: [layer] }).digest);
    const image = { source, repository: 'team/app', reference: 'foreign', tag: 'foreign' };
    await importImage({ storage, ...image });
    const { exit, out } = await to('team/app:foreign', target);
    expect(exit).toBe(0);
    expect(out).toContain(`to be had from elsewhere: ${layer.digest}`);
    expect(await keysIn(storage, tagKey('team/app', 'foreign'))).toHaveLength(1);
  });
});

describe('nothing outside of the target is written', () => {
  test.each(['blobs', 'blobs/sha256'])('when %s in it is a symbolic link', async (path) => {
    const { target, to } = await setting();
    await to('other:v1', target);
    const outside = join(target, '..', 'outside');
    await mkdir(outside);
    await rm(join(target, path), { recursive: true });
    await symlink(outside, join(target, path));
    const { exit, err } = await to('team/app:v1', target);
    expect(exit).toBe(1);
    expect(err).toContain(join(target, path));
    expect(await readdir(outside)).toEqual([]);
  });

  test('when a blob or the index is one', async () => {
    const { target, to, index } = await setting();
    await to('other:v1', target);
    const outside = join(target, '..', 'outside');
    await writeFile(outside, 'before');
    await symlink(outside, blobIn(target, index.digest));
    expect((await to('team/app:v1', target)).err).toContain('is a symbolic link');
    await rm(blobIn(target, index.digest));
    await rename(join(target, 'index.json'), `${outside}.json`);
    await symlink(`${outside}.json`, join(target, 'index.json'));
    const before = await readFile(`${outside}.json`, 'utf8');
    expect((await to('team/app:v1', target)).err).toContain('is a symbolic link');
    expect(await readFile(outside, 'utf8')).toBe('before');
    expect(await readFile(`${outside}.json`, 'utf8')).toBe(before);
  });

  test('a folder that holds something else is left alone', async () => {
    const { target, to } = await setting();
    await mkdir(target);
    await writeFile(join(target, 'notes.txt'), '');
    expect((await to('other:v1', target)).err).toContain('is no image layout');
    expect(await readdir(target)).toEqual(['notes.txt']);
  });

  test('an index that cannot be understood is left alone', async () => {
    const { target, to } = await setting();
    await to('other:v1', target);
    await writeFile(join(target, 'index.json'), '{"manifests":{}}');
    expect((await to('team/app:v1', target)).err).toContain('malformed index');
    expect(await readFile(join(target, 'index.json'), 'utf8')).toBe('{"manifests":{}}');
  });
});
