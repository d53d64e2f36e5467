// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { mustRun } from '../support/processes.ts';
import { PROPERTY_RUNS } from '../support/property-runs.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { all, failing, keysIn, textAt } from '../support/storage-reading.ts';

const PROCESS = join(import.meta.dirname, '../support/storage-process.ts');
const folders: string[] = [];

async function newRoot(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-storage-'));
  folders.push(folder);
  return join(folder, 'root');
}

/** Every file and folder below a root. */
async function filesIn(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).sort();
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('the file system driver', () => {
  storageDriverContract(async () => filesystemDriver(await newRoot()));
});

test('objects lie where an operator finds them, and folders go with the last of them', async () => {
  const root = await newRoot();
  const storage = filesystemDriver(root);
  await storage.write('a/b/Tag', 'x');
  await storage.write('a/c', 'y');
  expect(await filesIn(root)).toEqual(['.tmp', 'a+', 'a+/b+', 'a+/b+/%54ag', 'a+/c']);
  await storage.remove('a/b/Tag');
  expect(await filesIn(root)).toEqual(['.tmp', 'a+', 'a+/c']);
});

test('threat 31: what is secret is for its owner to read', async () => {
  const root = await newRoot();
  const storage = filesystemDriver(root);
  await storage.write('open', 'a');
  await storage.write('secret', 'a', { isSecret: true, condition: { absent: true } });
  const modeOf = async (name: string) => (await stat(join(root, name))).mode & 0o777;
  expect(await modeOf('secret')).toBe(0o600);
  expect(await modeOf('open')).not.toBe(0o600);
});

test('nothing temporary is left by what fails', async () => {
  const root = await newRoot();
  const storage = filesystemDriver(root);
  await storage.write('key', 'old');
  await storage.write('key', 'x', { condition: { absent: true } });
  await storage.write('key', 'x', { condition: { version: 'none' } });
  await storage.write('key', failing(['x'], new Error('gone'))).catch(() => undefined);
  await storage.write('key', 'x', { size: 9 }).catch(() => undefined);
  await storage.abortUpload(await storage.appendPart(await storage.startUpload('key'), 'x'));
  expect(await filesIn(root)).toEqual(['.tmp', '.uploads', 'key']);
});

test('what a crash left behind does not show, and is removed a day later', async () => {
  const root = await newRoot();
  await filesystemDriver(root).write('key', 'x');
  const leftOver = join(root, '.tmp/left-over');
  const recent = join(root, '.tmp/recent');
  await writeFile(leftOver, 'half of someth');
  await writeFile(recent, 'somebody is writing th');
  const longAgo = Date.now() / 1000 - 25 * 60 * 60;
  await utimes(leftOver, longAgo, longAgo);
  const storage = filesystemDriver(root);
  expect(await keysIn(storage, '')).toEqual(['key']);
  await storage.write('key', 'y');
  expect(await filesIn(root)).toEqual(['.tmp', '.tmp/recent', 'key']);
});

test('parts that no upload counts are swept, and those of uploads under way are not', async () => {
  const storage = filesystemDriver(await newRoot());
  const [going, lost] = [await storage.startUpload('a'), await storage.startUpload('b')];
  const counted = await storage.appendPart(going, 'a');
  await storage.appendPart(lost, 'b');
  const sweep = (before: number) =>
    storage.sweepUploads?.({ before, isUnderWay: (id) => id === going.id });
  expect(await sweep(Date.now() - 60_000)).toBe(0);
  expect(await sweep(Date.now() + 60_000)).toBe(1);
  expect(await sweep(Date.now() + 60_000)).toBe(0);
  expect(await storage.finishUpload(counted)).toMatchObject({ size: 1 });
});

test('symbolic links and foreign files are no objects', async () => {
  const root = await newRoot();
  const storage = filesystemDriver(root);
  const outside = join(dirname(root), 'outside');
  await mkdir(join(outside, 'below+'), { recursive: true });
  await writeFile(join(outside, 'secret'), 'secret');
  await storage.write('key', 'x');
  await symlink(join(outside, 'secret'), join(root, 'link'));
  await symlink(outside, join(root, 'folder+'));
  await writeFile(join(root, 'README'), 'by the operator');
  expect(await storage.read('link')).toBeUndefined();
  expect(await storage.stat('link')).toBeUndefined();
  expect(await storage.copy('link', 'copy')).toBeUndefined();
  expect(await keysIn(storage, '')).toEqual(['key']);
  await storage.write('link', 'ours');
  expect(await textAt(storage, 'link')).toBe('ours');
  expect(await readdir(outside)).toEqual(['below+', 'secret']);
});

describe('locks', () => {
  const OWNER = 'another-process';

  async function lockedBy(owner: string): Promise<{ root: string; storage: StorageDriver }> {
    const root = await newRoot();
    const storage = filesystemDriver(root, { lockLifetime: 200 });
    await storage.write('a/key', 'old');
    await mkdir(join(root, 'a+/.lock-key'));
    await writeFile(join(root, 'a+/.lock-key', owner), '');
    return { root, storage };
  }

  test('one whose owner died is taken over, by one of many', async () => {
    const { root, storage } = await lockedBy(`${Date.now() - 1}-${OWNER}`);
    const version = (await storage.stat('a/key'))?.version ?? '';
    const writes = Array.from({ length: 4 }, () =>
      filesystemDriver(root).write('a/key', 'new', { condition: { version } }),
    );
    const results = await Promise.all(writes);
    expect(results.filter((result) => result !== 'conflict')).toHaveLength(1);
    expect(await readdir(join(root, 'a+'))).toEqual(['key']);
  });

  test('one that is held is waited for', async () => {
    const end = Date.now() + 300;
    const { storage } = await lockedBy(`${end}-${OWNER}`);
    await storage.write('a/key', 'new');
    expect(Date.now()).toBeGreaterThanOrEqual(end);
    expect(await textAt(storage, 'a/key')).toBe('new');
  });

  test('one that is never let go ends in an error, and nothing has changed', async () => {
    const { root, storage } = await lockedBy(`${Date.now() + 60_000}-${OWNER}`);
    await expect(storage.write('a/key', 'new')).rejects.toMatchObject({ code: 'failed' });
    await expect(storage.remove('a/key')).rejects.toMatchObject({ code: 'failed' });
    expect(await textAt(storage, 'a/key')).toBe('old');
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
  });

  test('creating needs none', async () => {
    const { storage } = await lockedBy(`${Date.now() + 60_000}-${OWNER}`);
    expect(await storage.write('a/new', 'x', { condition: { absent: true } })).toMatchObject({});
  });

  test('several processes lose no change', async () => {
    const root = await newRoot();
    const storage = filesystemDriver(root);
    await storage.write('counter', '0');
    const processes = [1, 2, 3].map(() => mustRun(process.execPath, [PROCESS, 'count', root]));
    await Promise.all(processes);
    expect(await textAt(storage, 'counter')).toBe('75');
    expect(await filesIn(root)).toEqual(['.tmp', 'counter']);
  });
});

// A disk of its own needs a mount namespace, which not every container grants.
const canMount =
  spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

test.skipIf(!canMount)('a full disk leaves the old bytes, and room for smaller ones', async () => {
  const folder = dirname(await newRoot());
  const script = 'mount -t tmpfs -o size=4m tmpfs "$1" && exec "$2" "$3" fill "$1"';
  const args = ['-Urm', 'sh', '-c', script, 'sh', folder, process.execPath, PROCESS];
  expect(JSON.parse(await mustRun('unshare', args))).toEqual({
    codes: ['no-space', 'no-space'],
    key: 'old bytes',
  });
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be written to is named', async () => {
  const root = await newRoot();
  await mkdir(root);
  await chmod(root, 0o500);
  const refused = { code: 'denied', key: 'a/b' };
  await expect(filesystemDriver(root).write('a/b', 'x')).rejects.toMatchObject(refused);
});

test('files and memory agree on whatever is done to them', async () => {
  const key = fc.constantFrom('a', 'A', 'a/b', 'a/B/c', 'b:c', 'é');
  const step = fc.oneof(
    fc.record({ act: fc.constant('write' as const), key, body: fc.string({ maxLength: 3 }) }),
    fc.record({ act: fc.constant('create' as const), key, body: fc.string({ maxLength: 3 }) }),
    fc.record({ act: fc.constant('remove' as const), key }),
    fc.record({ act: fc.constant('copy' as const), key, to: key }),
    fc.record({ act: fc.constant('read' as const), key }),
    fc.record({
      act: fc.constant('list' as const),
      prefix: key,
      delimiter: fc.constantFrom('', '/'),
    }),
  );
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const sizeOf = (info: { size: number } | 'conflict' | undefined) =>
    typeof info === 'object' ? info.size : info;
  const carryOut = async (storage: StorageDriver, what: Step): Promise<unknown> => {
    switch (what.act) {
      case 'write':
        return sizeOf(await storage.write(what.key, what.body));
      case 'create':
        return sizeOf(await storage.write(what.key, what.body, { condition: { absent: true } }));
      case 'remove':
        return storage.remove(what.key);
      case 'copy':
        return sizeOf(await storage.copy(what.key, what.to));
      case 'read':
        return textAt(storage, what.key);
      case 'list':
        return keysIn(storage, what.prefix, { delimiter: what.delimiter });
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const [memory, files] = [memoryDriver(), filesystemDriver(await newRoot())];
      for (const what of steps) {
        expect(await carryOut(files, what)).toEqual(await carryOut(memory, what));
      }
      expect(await keysIn(files, '')).toEqual((await all(memory.list(''))).map((info) => info.key));
    }),
    { numRuns: Math.ceil(PROPERTY_RUNS / 4) },
  );
});

test('a folder of many is remembered only until something in it changes', async () => {
  const root = await newRoot();
  const storage = filesystemDriver(root);
  for (let number = 0; number < 300; number++) await storage.write(`many/${number}`, '');
  const calm = new Date(Date.now() - 60_000);
  const settle = () => utimes(join(root, 'many+'), calm, calm);
  await settle();
  expect(await keysIn(storage, '')).toHaveLength(300);
  await storage.write('many/new', '');
  await storage.remove('many/7');
  const keys = await keysIn(storage, '');
  expect(keys).toHaveLength(300);
  expect(keys).toContain('many/new');
  expect(keys).not.toContain('many/7');
  expect(await keysIn(filesystemDriver(root), '')).toEqual(keys);
});

test('a file that was replaced is never taken for the one that was read before', async () => {
  const storage = filesystemDriver(await newRoot());
  for (let number = 0; number < 200; number++) {
    await storage.write('key', `text ${number % 7}`);
    expect(await textAt(storage, 'key')).toBe(`text ${number % 7}`);
  }
});

test('a chunk that is lent is good until the next is asked for', async () => {
  const storage = filesystemDriver(await newRoot());
  const bytes = randomBytes(3 * 1024 * 1024 + 5);
  await storage.write('large', bytes);
  const found = await storage.read('large');
  const memory = new Set<ArrayBufferLike>();
  const copies: Uint8Array[] = [];
  for await (const chunk of found?.lent ?? []) {
    memory.add(chunk.buffer);
    copies.push(Uint8Array.from(chunk));
  }
  expect(Buffer.concat(copies).equals(bytes)).toBe(true);
  expect(memory.size).toBe(2); // the whole chunks, and the rest
});
