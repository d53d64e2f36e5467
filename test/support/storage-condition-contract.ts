// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { StorageDriver } from '../../src/storage/driver.ts';
import type { StoreLimits } from './storage-driver-contract.ts';
import { bytesIn, failing, textAt } from './storage-reading.ts';

/** Writes and removals that depend on what is there. */
export function conditionContract(
  open: () => Promise<StorageDriver>,
  { hashesVersions = false, removesBlindly = false, removesAlways = false }: StoreLimits,
): void {
  test('a write to an absent key happens once', async () => {
    const storage = await open();
    const writes = Array.from({ length: 8 }, (_, index) =>
      storage.write('new/key', `${index}`, { condition: { absent: true } }),
    );
    const results = await Promise.all(writes);
    const winner = results.findIndex((result) => result !== 'conflict');
    expect(results.filter((result) => result === 'conflict')).toHaveLength(7);
    expect(await textAt(storage, 'new/key')).toBe(`${winner}`);
  });

  test('a body is read to its end, and heard, also when its condition does not hold', async () => {
    const storage = await open();
    await storage.write('key', 'first');
    const error = new Error('not what it should be');
    const write = storage.write('key', failing(['second'], error), { condition: { absent: true } });
    await expect(write).rejects.toBe(error);
    expect(await textAt(storage, 'key')).toBe('first');
  });

  test('a write over a version happens once', async () => {
    const storage = await open();
    const version = await versionOf(storage, 'key', 'first');
    const writes = Array.from({ length: 8 }, (_, index) =>
      storage.write('key', `${index}`, { condition: { version } }),
    );
    const results = await Promise.all(writes);
    expect(results.filter((result) => result === 'conflict')).toHaveLength(7);
    expect(await storage.write('key', 'late', { condition: { version } })).toBe('conflict');
    expect(await storage.write('other', 'x', { condition: { version } })).toBe('conflict');
    expect(await storage.stat('other')).toBeUndefined();
  });

  test('increments by compare-and-swap lose none', async () => {
    const storage = await open();
    await storage.write('counter', '0');
    const increment = async (): Promise<void> => {
      for (;;) {
        const found = await storage.read('counter');
        const text = (await bytesIn(found?.body ?? [])).toString();
        const condition = { version: found?.info.version ?? '' };
        const written = await storage.write('counter', `${Number(text) + 1}`, { condition });
        if (written !== 'conflict') return;
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    expect(await textAt(storage, 'counter')).toBe('12');
  });

  test.skipIf(hashesVersions)('a version that came back in bytes only is another one', async () => {
    const storage = await open();
    const version = await versionOf(storage, 'key', 'a');
    await storage.write('key', 'b');
    await storage.write('key', 'a');
    expect(await storage.write('key', 'c', { condition: { version } })).toBe('conflict');
    await storage.remove('key');
    await storage.write('key', 'a');
    expect(await storage.write('key', 'c', { condition: { version } })).toBe('conflict');
    expect(await textAt(storage, 'key')).toBe('a');
  });

  test('a removal on a version happens once', async () => {
    const storage = await open();
    const version = await versionOf(storage, 'key', 'a');
    const removals = await Promise.all(
      Array.from({ length: 4 }, () => storage.remove('key', { condition: { version } })),
    );
    expect(removals).toContain('removed');
    expect(removals).not.toContain('conflict');
    const winners = removals.filter((removal) => removal === 'removed').length;
    expect(winners).toBeLessThanOrEqual(removesBlindly ? removals.length : 1);
    expect(await storage.stat('key')).toBeUndefined();
  });

  test.skipIf(hashesVersions || removesAlways)(
    'a version that came back in bytes only is not removed for another',
    async () => {
      const storage = await open();
      const version = await versionOf(storage, 'key', 'a');
      await storage.remove('key');
      await storage.write('key', 'a');
      expect(await storage.remove('key', { condition: { version } })).toBe('conflict');
      expect(await textAt(storage, 'key')).toBe('a');
    },
  );

  test.skipIf(removesAlways)('a removal on an old version changes nothing', async () => {
    const storage = await open();
    const version = await versionOf(storage, 'key', 'a');
    await storage.write('key', 'b');
    expect(await storage.remove('key', { condition: { version } })).toBe('conflict');
    expect(await storage.remove('key', { condition: { absent: true } })).toBe('conflict');
    expect(await textAt(storage, 'key')).toBe('b');
    expect(await storage.remove('other', { condition: { absent: true } })).toBe('absent');
  });
}

async function versionOf(storage: StorageDriver, key: string, body: string): Promise<string> {
  const info = await storage.write(key, body);
  return info === 'conflict' ? '' : info.version;
}
