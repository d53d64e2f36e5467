// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEventLog } from '../../src/registry/events/event-log.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { memorySource } from '../../src/registry/transfer/memory-source.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { eventsIn, tagsTold, toldIn } from '../support/registry-events.ts';
import { registryFolder, temporaryFolder } from '../support/registry-folder.ts';
import { addImage } from '../support/registry-images.ts';
import { runCommand } from '../support/run-command.ts';
import { keysIn } from '../support/storage-reading.ts';

const registry = (command: string, folder: string, ...args: string[]) =>
  runCommand(['registry', command, '--directory', folder, ...args]);

/** A layout with the image of the sample registry, and an empty folder to import it into. */
async function layoutAndFolder() {
  const { folder: from, ...image } = await registryFolder();
  const [layout, folder] = [join(await temporaryFolder(), 'layout'), await temporaryFolder()];
  await registry('export', from, 'team/app:v1', layout);
  return { ...image, layout, folder, storage: filesystemDriver(folder) };
}

test('an import is told of: each manifest that is new before the tag, and by whom', async () => {
  const { layout, folder, storage, index, platforms, referrer } = await layoutAndFolder();
  expect((await registry('import', folder, `oci:${layout}:v1`, 'app:v1')).exit).toBe(0);
  const told = await toldIn(storage);
  const manifests = [...platforms, index, referrer];
  expect(told.slice(0, -1)).toEqual(manifests.map(({ digest }) => `manifest.pushed app ${digest}`));
  expect(told.at(-1)).toBe(`tag.set app:v1 ${index.digest}`);
  const events = await eventsIn(storage);
  expect(new Set(events.map(({ by }) => by))).toEqual(new Set(['archeion registry import']));
  expect(await keysIn(storage, 'events/pending/')).toEqual([]);
});

test('an import of what is there is no event, and one that moves a tag says where it was', async () => {
  const storage = memoryDriver();
  const source = memorySource('test');
  const { tell } = openEventLog(storage);
  const add = (reference: string) =>
    importImage({
      source,
      storage,
      repository: 'app',
      reference,
      tag: 'v1',
      tell: () => tell({ repository: 'app', by: 'test' }),
    });
  const [one, two] = [addImage(source, 'one'), addImage(source, 'two')];
  await add(one.digest);
  await add(one.digest);
  expect(await toldIn(storage)).toHaveLength(2);
  await add(two.digest);
  const [set, moved] = (await eventsIn(storage)).filter(({ type }) => type === 'tag.set');
  expect(moved).toMatchObject({ digest: two.digest, before: one.digest, ends: set?.id });
});

test('a removal is told of: tags, manifests and blobs, and what stays is not', async () => {
  const { layout, folder, storage, index, platforms, referrer } = await layoutAndFolder();
  await registry('import', folder, `oci:${layout}:v1`, 'app:v1');
  const before = (await toldIn(storage)).length;
  expect((await registry('rm', folder, 'app:v1', '--recursive')).exit).toBe(0);
  const events = (await eventsIn(storage)).slice(before);
  expect(events[0]).toMatchObject({ type: 'tag.deleted', tag: 'v1', by: 'archeion registry rm' });
  const deleted = (kind: string) =>
    events.filter(({ type }) => type === kind).map(({ digest }) => digest);
  const manifests = [index, ...platforms, referrer].map(({ digest }) => digest);
  expect(deleted('manifest.deleted').toSorted()).toEqual(manifests.toSorted());
  expect(deleted('blob.deleted')).toHaveLength(6);
  expect((await tagsTold(storage, 'app')).get('v1')).toBeUndefined();
  expect(await keysIn(storage, 'events/pending/')).toEqual([]);
});

test('a repository that goes whole is told of, once for each, though nobody told of its beginning', async () => {
  const { folder, storage } = await registryFolder();
  expect((await registry('rm', folder, 'team/app', '--yes')).exit).toBe(0);
  const types = (await eventsIn(storage)).map(({ type }) => type);
  const count = (wanted: string) => types.filter((type) => type === wanted).length;
  expect(['tag', 'manifest', 'blob'].map((what) => count(`${what}.deleted`))).toEqual([2, 4, 6]);
  expect(types.slice(0, 2)).toEqual(['tag.deleted', 'tag.deleted']);
});

test('nothing is told where the configuration says so', async () => {
  const { layout, folder, storage } = await layoutAndFolder();
  const config = join(await temporaryFolder(), 'registry.yaml');
  const text = `storage: { kind: filesystem, directory: ${JSON.stringify(folder)} }`;
  await writeFile(config, `${text}\nevents: { log: false }\n`);
  const run = (command: string, ...args: string[]) =>
    runCommand(['registry', command, '--config', config, ...args]);
  expect((await run('import', `oci:${layout}:v1`, 'app:v1')).exit).toBe(0);
  expect((await run('rm', 'app:v1', '--recursive')).exit).toBe(0);
  expect(await keysIn(storage, 'events/')).toEqual([]);
  await writeFile(config, `${text}\n`);
  await run('import', `oci:${layout}:v1`, 'app:v1');
  expect(await toldIn(storage)).toHaveLength(5);
});
