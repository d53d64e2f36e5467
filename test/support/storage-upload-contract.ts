// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import type { StoreLimits } from './storage-driver-contract.ts';
import { bytesIn, failing, keysIn, textAt } from './storage-reading.ts';

/** Uploads in parts. */
export function uploadContract(
  open: () => Promise<StorageDriver>,
  { joinsAlways = false }: StoreLimits,
): void {
  test.each([
    ['one part', ['abc']],
    ['three parts', ['abc', '', 'de']],
  ])('%s become an object, by handles that travel as JSON', async (_, parts) => {
    const storage = await open();
    let upload = await storage.startUpload('up/key');
    for (const part of parts) {
      upload = JSON.parse(JSON.stringify(await storage.appendPart(upload, part)));
    }
    expect(await keysIn(storage, '')).toEqual([]);
    const info = await storage.finishUpload(upload);
    expect(info).toMatchObject({ key: 'up/key', size: parts.join('').length });
    expect(await storage.stat('up/key')).toMatchObject({ version: Object(info).version });
    expect(await textAt(storage, 'up/key')).toBe(parts.join(''));
    await expect(storage.finishUpload(upload)).rejects.toBeInstanceOf(StorageError);
  });

  test('small and large parts become an object, under another key than was thought of', async () => {
    const storage = await open();
    const parts = [1, 9_000_000, 5, 6_000_000, 3].map((size, index) => Buffer.alloc(size, index));
    let upload = await storage.startUpload('first/thought');
    for (const part of parts) upload = await storage.appendPart(upload, part);
    expect(await storage.finishUpload({ ...upload, key: 'in/the/end' })).toMatchObject({
      key: 'in/the/end',
      size: 15_000_009,
    });
    const read = await bytesIn((await storage.read('in/the/end'))?.body ?? []);
    expect(read.equals(Buffer.concat(parts))).toBe(true);
    expect(await keysIn(storage, '')).toEqual(['in/the/end']);
  });

  test('of two parts appended to the same handle one counts', async () => {
    const storage = await open();
    const upload = await storage.appendPart(await storage.startUpload('key'), 'a');
    const [one] = await Promise.all([
      storage.appendPart(upload, 'b'),
      storage.appendPart(upload, 'c'),
    ]);
    await storage.finishUpload(one);
    expect(await textAt(storage, 'key')).toBe('ab');
  });

  test('a part that fails leaves the upload as it was', async () => {
    const storage = await open();
    const upload = await storage.appendPart(await storage.startUpload('key'), 'a');
    const error = new Error('the client went away');
    await expect(storage.appendPart(upload, failing(['x'], error))).rejects.toBe(error);
    await storage.finishUpload(await storage.appendPart(upload, 'b'));
    expect(await textAt(storage, 'key')).toBe('ab');
  });

  test.skipIf(joinsAlways)(
    'a condition that does not hold leaves object and upload alone',
    async () => {
      const storage = await open();
      await storage.write('key', 'old');
      const upload = await storage.appendPart(await storage.startUpload('key'), 'new');
      expect(await storage.finishUpload(upload, { absent: true })).toBe('conflict');
      expect(await storage.finishUpload(upload, { version: 'none' })).toBe('conflict');
      expect(await textAt(storage, 'key')).toBe('old');
      expect(await storage.finishUpload(upload)).toMatchObject({ size: 3 });
      expect(await textAt(storage, 'key')).toBe('new');
    },
  );

  test('an aborted upload is unknown, and may be aborted again', async () => {
    const storage = await open();
    const upload = await storage.appendPart(await storage.startUpload('key'), 'a');
    await storage.abortUpload(upload);
    await storage.abortUpload(upload);
    const unknown = { code: 'unknown-upload', key: 'key' };
    await expect(storage.appendPart(upload, 'b')).rejects.toMatchObject(unknown);
    await expect(storage.finishUpload(upload)).rejects.toMatchObject(unknown);
    expect(await storage.stat('key')).toBeUndefined();
  });

  test('parts that were never appended are unknown', async () => {
    const storage = await open();
    const upload = await storage.startUpload('key');
    const forged = { ...upload, parts: [{ tag: '../../etc/passwd', size: 1 }] };
    await expect(storage.finishUpload(forged)).rejects.toMatchObject({ code: 'unknown-upload' });
  });
}
