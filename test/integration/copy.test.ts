// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changes, filledRegistry, pushableRegistry } from '../support/pushable-registry.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const copy = (...args: string[]) => runCommand(['copy', ...args]);
const APP = 'team/app:v1';

/** A registry with images, an empty one, and a folder. */
async function setting() {
  const [from, to, folder] = await Promise.all([
    filledRegistry(),
    pushableRegistry(),
    temporaryFolder(),
  ]);
  return { from, to, folder, at: (name: string) => join(folder, name) };
}

describe('archeion copy', () => {
  test('keeps every digest from registry to layout to archive to registry', async () => {
    const { from, to, at } = await setting();
    const steps = [
      [`${from.name}/${APP}`, `oci:${at('layout')}`],
      [`oci:${at('layout')}:v1`, `oci-archive:${at('one.tar')}`],
      [`oci-archive:${at('one.tar')}`, `${to.name}/copies/`],
    ];
    for (const step of steps) {
      const { exit, err, out } = await copy(...step, '--json');
      expect({ exit, err }).toEqual({ exit: 0, err: '' });
      expect(JSON.parse(out)).toMatchObject({ manifests: 4, blobs: 6, skipped: 0, failed: [] });
    }
    const original = await from.pulled('team/app', 'v1');
    expect(original).toHaveLength(10);
    expect(await to.pulled('copies/team/app', 'v1')).toEqual(original);
  });

  test('sends nothing that is there, and so goes on where it was', async () => {
    const { from, to } = await setting();
    await copy(`${from.name}/${APP}`, `${to.name}/app`);
    const before = to.asked.length;
    const { out } = await copy(`${from.name}/${APP}`, `${to.name}/app:v1`, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 0, blobs: 0, bytes: 0, skipped: 10 });
    expect(changes(to.asked.slice(before))).toEqual([]);
  });

  test('moves a tag when nothing else is to be done', async () => {
    const { from, to } = await setting();
    await copy(`${from.name}/${APP}`, `${to.name}/app:v1`);
    const before = to.asked.length;
    await copy(`${from.name}/${APP}`, `${to.name}/app:v2`);
    expect(changes(to.asked.slice(before))).toEqual(['PUT /v2/app/manifests/v2']);
  });

  test('has the registry mount what it holds in another repository', async () => {
    const { from } = await setting();
    const { out } = await copy(`${from.name}/${APP}`, `${from.name}/copies/app:v1`, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 4, blobs: 0, mounted: 6 });
    expect(from.asked.filter((line) => line.startsWith('PUT') && line.includes('/blobs/'))).toEqual(
      [],
    );
    expect(await from.pulled('copies/app', 'v1')).toEqual(await from.pulled('team/app', 'v1'));
  });

  test('copies many images under their own names', async () => {
    const { from, to } = await setting();
    const sources = [`${from.name}/team/app`, `${from.name}/other`];
    const { out } = await copy(...sources, `${to.name}/all/`, '--tags', 'v*', '--json');
    const names = ['team/app:v1', 'team/app:v2', 'other:v1'];
    expect(JSON.parse(out).images).toMatchObject(
      names.map((name) => ({ target: `${to.name}/all/${name}` })),
    );
    expect(await to.pulled('all/other', 'v1')).toEqual(await from.pulled('other', 'v1'));
  });

  test('copies one platform, and no referrers, if that is wanted', async () => {
    const platform = { os: 'linux', architecture: 'arm64' };
    const { to, at } = await setting();
    const { folder, digest } = await layoutOfPlatforms(at('layout'), platform);
    const { exit, out } = await copy(
      `oci:${folder}`,
      `${to.name}/app:v1`,
      '--platform',
      'linux/arm64',
    );
    expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining(digest) });
    const missing = await copy(`oci:${folder}`, `${to.name}/app`, '--platform', 'plan9/arm');
    expect(missing).toMatchObject({ exit: 1, err: expect.stringContaining('only linux/arm64') });
  });

  test('leaves referrers out, if that is wanted', async () => {
    const { from, to } = await setting();
    await copy(`${from.name}/${APP}`, `${to.name}/app:v1`, '--no-referrers');
    const pulled = await to.pulled('app', 'v1');
    expect(pulled).toHaveLength(7);
    expect(pulled).not.toContain(from.referrer.digest);
  });

  test('brings what cosign has attached by a tag', async () => {
    const { from, to } = await setting();
    const signature = `${from.index.digest.replace(':', '-')}.sig`;
    await copy(`${from.name}/other:v1`, `${from.name}/team/app:${signature}`);
    await copy(`${from.name}/${APP}`, `${to.name}/app:v1`);
    expect(await to.pulled('app', signature)).toEqual(await from.pulled('other', 'v1'));
  });

  test('has referrers listed under a tag where the registry has no list of its own', async () => {
    const { from, at } = await setting();
    const to = await pushableRegistry(({ target }) =>
      target.includes('/referrers/') ? { status: 404, headers: [], body: '' } : undefined,
    );
    const list = from.index.digest.replace(':', '-');
    await copy(`${from.name}/${APP}`, `${to.name}/app:v1`);
    expect(await to.pulled('app', list)).toContain(from.referrer.digest);
    const before = to.asked.length;
    await copy(`${from.name}/${APP}`, `${to.name}/app:v1`);
    expect(changes(to.asked.slice(before))).toEqual([]);
    const { out } = await copy(`${to.name}/app:v1`, `oci:${at('back')}`, '--json');
    expect(JSON.parse(out)).toMatchObject({ manifests: 4, blobs: 6 });
  });

  test('says what would be done, and does nothing', async () => {
    const { from, to, folder, at } = await setting();
    for (const target of [`${to.name}/app`, `oci:${at('layout')}`, `oci-archive:${at('a.tar')}`]) {
      const { exit, out } = await copy(`${from.name}/${APP}`, target, '--dry-run');
      expect({ exit, out }).toMatchObject({
        exit: 3,
        out: expect.stringContaining('6 blobs to be'),
      });
    }
    expect(changes(to.asked)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('an image without a tag is found by its digest', async () => {
    const { from, to, at } = await setting();
    await copy(`${from.name}/team/app@${from.index.digest}`, `oci-archive:${at('a.tar')}`);
    await copy(`oci-archive:${at('a.tar')}`, `${to.name}/`);
    expect(await to.pulled('team/app', from.index.digest)).toHaveLength(10);
  });

  test('names what failed, and does the rest', async () => {
    const { from, to } = await setting();
    const sources = [`${from.name}/team/app:gone`, `${from.name}/${APP}`];
    const { exit, err } = await copy(...sources, `${to.name}/`);
    expect({ exit, err }).toMatchObject({ exit: 5, err: expect.stringContaining('"gone"') });
    expect(await to.pulled('team/app', 'v1')).toHaveLength(10);
  });

  test.each([
    ['no source', ['oci:x'], 'needed'],
    ['no place', ['team/app:v1', 'oci:x'], '"team/app:v1" is no place of images'],
    ['a prefix as a source', ['docker://127.0.0.1:1/a/', 'oci:x'], 'names no repository'],
    [
      'a digest as a target',
      ['FROM/other:v1', `oci:x@sha256:${'a'.repeat(64)}`],
      'more than a tag',
    ],
    ['one repository for two', ['FROM/other:v1', `FROM/${APP}`, 'FROM/x'], 'slash'],
    ['one name for two', [`FROM/${APP}`, 'FROM/team/app:v2', 'FROM/x:v1'], 'would become'],
    ['no tag that fits', ['FROM/other', 'FROM/x', '--tags', 'z*'], 'no tag that fits'],
    ['a pattern that is none', ['FROM/other', 'FROM/x', '--tags', '/'], 'no pattern'],
    ['a platform that is none', ['FROM/other', 'FROM/x', '--platform', 'x'], 'no platform'],
  ])('%s is a mistake in the command line', async (_, args, problem) => {
    const from = await filledRegistry();
    const line = args.map((arg) => arg.replace('FROM', from.name));
    expect(await copy(...line)).toMatchObject({ exit: 2, err: expect.stringContaining(problem) });
    expect(changes(from.asked)).toEqual([]);
  });

  test('a layout of several images has to be told which', async () => {
    const { from, to, at } = await setting();
    const sources = [`${from.name}/${APP}`, `${from.name}/other:v1`];
    await copy(...sources, `oci:${at('layout')}`);
    const unsure = await copy(`oci:${at('layout')}`, `${to.name}/x`);
    expect(unsure).toMatchObject({
      exit: 2,
      err: expect.stringContaining('team/app:v1, other:v1'),
    });
    expect(await copy(`oci:${at('layout')}`, `${to.name}/`, '--tags', '*')).toMatchObject({
      exit: 0,
    });
    expect(await to.pulled('other', 'v1')).toEqual(await from.pulled('other', 'v1'));
    await copy(`oci:${at('layout')}:other:v1`, `${to.name}/one:v2`);
    expect(await to.pulled('one', 'v2')).toEqual(await from.pulled('other', 'v1'));
  });

  test('sends what two repositories have in common once', async () => {
    const { from, to } = await setting();
    const sources = [`${from.name}/${APP}`, `${from.name}/other:v1`];
    const { out } = await copy(...sources, `${to.name}/`, '--json');
    expect(JSON.parse(out)).toMatchObject({ blobs: 6, mounted: 2 });
  });
});

/** A layout with one image, of one platform. */
async function layoutOfPlatforms(folder: string, platform: object) {
  const { from, at } = await setting();
  await copy(`${from.name}/other:v1`, `oci:${at('layout')}`);
  const index = JSON.parse(await readFile(join(at('layout'), 'index.json'), 'utf8'));
  const [{ annotations: _, ...entry }] = index.manifests;
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const document = { schemaVersion: 2, mediaType, manifests: [{ ...entry, platform }] };
  const { createHash } = await import('node:crypto');
  const text = JSON.stringify(document);
  const hex = createHash('sha256').update(text).digest('hex');
  await writeFile(join(at('layout'), 'blobs/sha256', hex), text);
  const named = { mediaType, digest: `sha256:${hex}`, size: text.length };
  await writeFile(
    join(at('layout'), 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [named] }),
  );
  await mkdir(folder, { recursive: true });
  return { folder: at('layout'), digest: String(entry.digest) };
}
