// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { pullHandler } from '../../src/registry/pull-handler.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memorySource } from '../../src/registry/transfer/memory-source.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { registryFolder } from '../support/registry-folder.ts';
import { addImage, addIndex, addReferrer } from '../support/registry-images.ts';
import { pullAll } from '../support/registry-reading.ts';
import { runCommand } from '../support/run-command.ts';

const rm = (folder: string, ...args: string[]) =>
  runCommand(['registry', 'rm', '--directory', folder, ...args]);
const verify = (folder: string) => runCommand(['registry', 'verify', '--directory', folder]);

describe('archeion registry rm', () => {
  test('removes a tag, then with the last one everything that it leads to', async () => {
    const { folder, index } = await registryFolder();
    expect(await rm(folder, 'team/app:v1')).toEqual({
      exit: 0,
      out: 'removed the tag team/app:v1\nfreed 0 bytes of 0 blobs and manifests\n',
      err: '',
    });
    const { exit, out } = await rm(folder, 'team/app:v2', '--recursive');
    expect(exit).toBe(0);
    expect(out).toContain(`removed the manifest team/app@${index.digest}\n`);
    // The index, one image and the referrer: the other image is held by the other repository, too.
    expect(out).toMatch(/freed \S+ \S+ of 7 blobs and manifests\n$/);
    expect(await verify(folder)).toMatchObject({ exit: 0 });
  });

  test('removes a manifest with its tags, and says so as JSON', async () => {
    const { folder, index } = await registryFolder();
    const { out } = await rm(folder, `team/app@${index.digest}`, '--json');
    expect(JSON.parse(out)).toMatchObject({
      tags: ['v1', 'v2'],
      manifests: [index.digest],
      freed: index.size,
    });
  });

  test('removes a whole repository when that is really meant', async () => {
    const { folder } = await registryFolder();
    expect(await rm(folder, 'team/app')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--yes'),
    });
    expect(await rm(folder, 'team/app', '--yes')).toMatchObject({ exit: 0 });
    const { out } = await runCommand(['registry', 'ls', '--directory', folder]);
    expect(out).toBe('other\n');
    expect((await verify(folder)).exit).toBe(0);
  });

  test('refuses what an index needs, and names what is not there', async () => {
    const { folder, platforms } = await registryFolder();
    expect(await rm(folder, `team/app@${platforms[0].digest}`)).toMatchObject({
      exit: 4,
      err: expect.stringContaining('lists it'),
    });
    expect((await rm(folder, 'team/app:v9')).err).toContain('"team/app" has no "v9"');
    expect((await rm(folder, 'none', '--yes')).exit).toBe(1);
  });
});

const SOON = { timeout: 5_000, interval: 50 };

test('removing beside a server and somebody who imports loses nothing that was acknowledged', async () => {
  const { folder } = await registryFolder();
  // Stores of their own, as processes of their own would have.
  const pull = pullHandler({ storage: filesystemDriver(folder), log: silentLog });
  const source = memorySource('test');
  const shared = addImage(source, 'shared');
  const [kept, doomed]: [string[], string[]] = [[], []];
  const importing = (async () => {
    const storage = filesystemDriver(folder);
    for (let count = 0; count < 40; count++) {
      const index = addIndex(source, [shared, addImage(source, `own ${count}`)]);
      addReferrer(source, index, 'text/signature');
      const [tag, reference] = [`t${count}`, index.digest];
      await importImage({ source, storage, repository: 'busy', reference, tag });
      (count % 10 === 0 ? doomed : kept).push(tag);
      // What a push relies on that came while it was being removed is back a moment later.
      for (const one of kept) await vi.waitFor(() => pullAll(pull, 'busy', one), SOON);
    }
  })();
  for (let count = 0; count < 3; count++) {
    await vi.waitFor(() => expect(doomed).not.toEqual([]), { timeout: 20_000 });
    const removed = await rm(folder, `busy:${doomed.shift()}`, '--recursive');
    expect(removed).toMatchObject({ exit: 0, err: '' });
  }
  await importing;
  expect(await verify(folder)).toMatchObject({ exit: 0 });
  expect(kept).toHaveLength(36);
}, 60_000);
