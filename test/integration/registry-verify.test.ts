// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  blobKey,
  linkKey,
  manifestKey,
  referrerKey,
  tagKey,
} from '../../src/registry/store/layout.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { sampleImage } from '../../src/registry/transfer/sample-image.ts';
import { pathOfKey } from '../../src/storage/filesystem/filesystem-keys.ts';
import {
  type RegistryFolder,
  registryFolder,
  temporaryFolder,
} from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';

const verify = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'verify', '--directory', folder, ...args]);

function fileOf({ folder }: RegistryFolder, key: string): string {
  const path = pathOfKey(key);
  return join(folder, path.folder, path.file);
}

/** Every kind of file, and what a registry keeps there. */
const FILES: ReadonlyArray<readonly [string, (registry: RegistryFolder) => string]> = [
  ['the mark', () => 'layout'],
  ['a manifest', ({ index }) => blobKey(index.digest)],
  ['a record', ({ index }) => manifestKey('team/app', index.digest)],
  ['a tag', () => tagKey('team/app', 'v1')],
  [
    'an entry of referrers',
    ({ index, referrer }) =>
      referrerKey({ repository: 'team/app', subject: index.digest, referrer: referrer.digest }),
  ],
];

describe('archeion registry verify', () => {
  test('says that a whole registry is whole', async () => {
    const { folder } = await registryFolder();
    const { exit, out, err } = await verify(folder);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(/^\d+ objects and \S+ \S+ checked: whole\n$/);
    expect(await verify(folder, 'team/app')).toMatchObject({ exit: 0 });
  });

  test.each(FILES)('names %s that was cut off, with its file', async (_, keyOf) => {
    const registry = await registryFolder();
    const key = keyOf(registry);
    await truncate(fileOf(registry, key), 3);
    const { exit, out } = await verify(registry.folder);
    expect(exit).toBe(4);
    expect(out).toContain(`damage: ${key}: `);
    expect(out).toContain(`file: ${fileOf(registry, key)}\n  do: `);
  });

  test.each(FILES.slice(0, 2))('names %s that was taken away', async (_, keyOf) => {
    const registry = await registryFolder();
    await rm(fileOf(registry, keyOf(registry)));
    expect((await verify(registry.folder)).exit).toBe(4);
  });

  test('names a blob that is a link to somewhere else, and what no registry has', async () => {
    const registry = await registryFolder();
    const { folder, platforms } = registry;
    const blob = fileOf(registry, blobKey(platforms[1].digest));
    await rm(blob);
    await symlink('/etc/hostname', blob);
    await writeFile(join(folder, 'README.md'), '');
    await mkdir(join(folder, 'old'));
    const { findings, whole } = JSON.parse((await verify(folder, '--json')).out);
    expect(whole).toBe(false);
    expect(findings).toEqual([
      expect.objectContaining({ key: linkKey(platforms[1].digest, 'team/app') }),
      expect.objectContaining({ key: manifestKey('team/app', platforms[1].digest) }),
      ...[
        ['README.md', 'a file that no registry has'],
        [blob.slice(folder.length + 1), 'a symbolic link that no registry has'],
        ['old', 'a folder that no registry has'],
      ].map(([file = '', problem]) => ({
        severity: 'damage',
        file: join(folder, file),
        problem,
        advice: expect.any(String),
      })),
    ]);
  });

  test('looks at one repository only, if that is asked for', async () => {
    const registry = await registryFolder();
    await truncate(fileOf(registry, tagKey('other', 'v1')), 0);
    expect((await verify(registry.folder, 'team/app')).exit).toBe(0);
    expect((await verify(registry.folder, 'other')).exit).toBe(4);
    expect(await verify(registry.folder, 'none')).toMatchObject({
      exit: 1,
      err: expect.stringContaining('there is no repository "none"'),
    });
  });

  test('refuses what is no registry, and that of a newer program', async () => {
    expect((await verify(await temporaryFolder())).exit).toBe(2);
    const registry = await registryFolder();
    await writeFile(fileOf(registry, 'layout'), '{"version":2}');
    expect((await verify(registry.folder)).err).toContain('use a newer program');
  });

  test('finds nothing amiss while somebody imports', async () => {
    const { folder, storage } = await registryFolder();
    const source = sampleImage();
    const imports = (async () => {
      for (let count = 0; count < 8; count++) {
        const repository = `more/r${count}`;
        await importImage({ source, storage, repository, reference: 'v1', tag: `t${count}` });
      }
    })();
    const exits = [];
    for (let count = 0; count < 5; count++) exits.push((await verify(folder)).exit);
    await imports;
    expect(exits).toEqual([0, 0, 0, 0, 0]);
    expect(await readdir(join(folder, 'repositories+/more+'))).toHaveLength(8);
  });
});
