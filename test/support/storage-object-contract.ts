// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import type { ObjectInfo, StorageDriver } from '../../src/storage/driver.ts';
import type { StoreLimits } from './storage-driver-contract.ts';
import { all, bytesIn, byUtf8, failing, inChunks, keysIn, textAt } from './storage-reading.ts';

const ODD_KEYS: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['upper and lower case', ['Tag', 'tag', 'TAG']],
  ['dots', ['.', '..', './.', '../x', 'a/../b', '.hidden', 'a.', '.lock-a', '.tmp/x']],
  ['colons and escapes', ['sha256:ab', 'sha256%3aab', 'a%2fb', '%', 'a+', 'a+/b', 'a%', 'a/b']],
  ['an object and what starts with it', ['a', 'a/b', 'a/b/c', 'a/bc']],
  ['other scripts', ['grün', 'gru\u0308n', '日本/語', '\u{1f600}', '\uffee']],
  ['spaces and signs', [' ', 'a b', 'a\\b', 'a"b', 'a\nb', '~', '*?<>|', 'con', 'nul.txt']],
  [
    'long names',
    [
      'A'.repeat(128),
      'a'.repeat(240),
      'a'.repeat(241),
      'a'.repeat(900),
      `${'a'.repeat(240)}/b`,
      `${'a'.repeat(241)}/b`,
      `${'a'.repeat(240)}${'.'.repeat(9)}`,
    ],
  ],
];

/** What names of files cannot be. */
const NO_FILES = ['dots', 'colons and escapes', 'an object and what starts with it', 'long names'];

/** Reads, writes and removals. */
export function objectContract(
  open: () => Promise<StorageDriver>,
  { hashesVersions = false, keepsFiles = false, lacksKeys = [] }: StoreLimits,
): void {
  test.each([
    ['text', 'grün', 'grün'],
    ['bytes', Uint8Array.from([0x61, 0x62]), 'ab'],
    ['chunks', inChunks(['a', '', 'bc']), 'abc'],
    ['nothing', '', ''],
    ['no chunk', inChunks([]), ''],
  ])('what was written is read back: %s', async (_, body, text) => {
    const storage = await open();
    const written = await storage.write('some/key', body);
    expect(written).toMatchObject({ key: 'some/key', size: Buffer.byteLength(text) });
    expect(await storage.stat('some/key')).toEqual(timeless(written));
    expect((await storage.read('some/key'))?.info).toEqual(await storage.stat('some/key'));
    expect(await textAt(storage, 'some/key')).toBe(text);
  });

  test('absence is a value', async () => {
    const storage = await open();
    expect(await storage.stat('a')).toBeUndefined();
    expect(await storage.read('a')).toBeUndefined();
    expect(await storage.copy('a', 'b')).toBeUndefined();
    expect(await storage.remove('a')).toBe('absent');
    expect(await keysIn(storage, '')).toEqual([]);
  });

  test('the whole of a large object comes back, in pieces', async () => {
    const storage = await open();
    const large = Buffer.alloc(5_000_001, 'abcdefg');
    await storage.write('large', large);
    const chunks = await all((await storage.read('large'))?.body ?? []);
    expect(chunks.length).toBeGreaterThan(1);
    expect(Buffer.concat(chunks).equals(large)).toBe(true);
    const tail = await storage.read('large', { first: 2_000_000, last: 4_999_999 });
    const part = await bytesIn(tail?.body ?? []);
    expect(part.equals(large.subarray(2_000_000, 5_000_000))).toBe(true);
  });

  test('a body of unknown length that is large comes back whole', async () => {
    const storage = await open();
    const chunk = Buffer.alloc(1_000_003, 'xyz');
    const body = async function* () {
      for (let count = 0; count < 20; count++) yield chunk;
    };
    const absent = { condition: { absent: true } } as const;
    expect(await storage.write('key', body(), absent)).toMatchObject({ size: 20_000_060 });
    const read = await bytesIn((await storage.read('key'))?.body ?? []);
    expect(read.equals(Buffer.concat(Array.from({ length: 20 }, () => chunk)))).toBe(true);
    expect(await storage.write('key', body(), absent)).toBe('conflict');
    expect(await storage.copy('key', 'copy')).toMatchObject({ size: 20_000_060 });
  });

  test.each([
    [0, 0, 'a'],
    [1, 2, 'bc'],
    [2, 99, 'cd'],
    [3, 3, 'd'],
    [4, 9, ''],
    [99, 100, ''],
  ])('bytes %i to %i of "abcd" are "%s"', async (first, last, text) => {
    const storage = await open();
    await storage.write('key', 'abcd');
    expect(await textAt(storage, 'key', { first, last })).toBe(text);
    expect((await storage.read('key', { first, last }))?.info.size).toBe(4);
  });

  test('a body may be closed unread, or in its midst', async () => {
    const storage = await open();
    await storage.write('large', Buffer.alloc(3_000_000));
    const unread = await storage.read('large');
    await unread?.body[Symbol.asyncIterator]().return?.();
    const begun = (await storage.read('large'))?.body[Symbol.asyncIterator]();
    await begun?.next();
    await begun?.return?.();
    expect(await begun?.next()).toEqual({ done: true, value: undefined });
  });

  test('a reader keeps what it opened when the object is replaced', async () => {
    const storage = await open();
    await storage.write('key', Buffer.alloc(3_000_000, 'a'));
    const reading = await storage.read('key');
    await storage.write('key', 'b');
    const read = await bytesIn(reading?.body ?? []);
    expect(read.equals(Buffer.alloc(3_000_000, 'a'))).toBe(true);
    expect(await textAt(storage, 'key')).toBe('b');
  });

  test.skipIf(hashesVersions)('every write gives a new version, of equal bytes too', async () => {
    const storage = await open();
    const versions = new Set<string>();
    for (let round = 0; round < 50; round++) {
      const info = await storage.write('key', 'same');
      versions.add(info === 'conflict' ? '' : info.version);
      const copied = await storage.copy('key', 'copy');
      versions.add(`copy ${copied?.version}`);
    }
    expect(versions.size).toBe(100);
  });

  test('times are milliseconds of about now', async () => {
    const storage = await open();
    const before = Date.now();
    await storage.write('key', 'x');
    const info = await storage.stat('key');
    expect(info?.modifiedAt).toBeGreaterThan(before - 5_000);
    expect(info?.modifiedAt).toBeLessThan(Date.now() + 5_000);
  });

  test('a removed object is gone', async () => {
    const storage = await open();
    await storage.write('a/b/c', 'x');
    expect(await storage.remove('a/b/c')).toBe('removed');
    expect(await storage.remove('a/b/c')).toBe('absent');
    expect(await storage.read('a/b/c')).toBeUndefined();
    await storage.write('a/b/c', 'y');
    expect(await textAt(storage, 'a/b/c')).toBe('y');
  });

  test('a copy has the bytes and a life of its own', async () => {
    const storage = await open();
    await storage.write('from', 'x');
    await storage.write('to/there', 'old');
    const copied = await storage.copy('from', 'to/there');
    expect(copied).toMatchObject({ key: 'to/there', size: 1 });
    expect(await storage.stat('to/there')).toEqual(timeless(copied));
    await storage.remove('from');
    expect(await textAt(storage, 'to/there')).toBe('x');
  });

  test.each(ODD_KEYS.filter(([name]) => !(keepsFiles && NO_FILES.includes(name))))(
    'keys are kept apart: %s',
    async (_, odd) => {
      const storage = await open();
      const keys = odd.filter((key) => !lacksKeys.includes(key));
      for (const key of keys) await storage.write(key, `at ${key}`);
      for (const key of keys) expect(await textAt(storage, key)).toBe(`at ${key}`);
      expect(await keysIn(storage, '')).toEqual([...keys].sort(byUtf8));
      for (const key of keys) expect(await storage.remove(key)).toBe('removed');
      expect(await keysIn(storage, '')).toEqual([]);
    },
  );

  test.each(['', '/', '/a', 'a/', 'a//b', 'a\0b', '\ud800', 'x'.repeat(1025), 'é'.repeat(513)])(
    'what cannot be a key is refused: %.20j',
    async (key) => {
      const storage = await open();
      const refused = { name: 'StorageError', code: 'invalid-key', key };
      await expect(storage.write(key, 'x')).rejects.toMatchObject(refused);
      await expect(storage.read(key)).rejects.toMatchObject(refused);
      await expect(storage.stat(key)).rejects.toMatchObject(refused);
      await expect(storage.remove(key)).rejects.toMatchObject(refused);
      await expect(storage.copy('a', key)).rejects.toMatchObject(refused);
      await expect(storage.copy(key, 'a')).rejects.toMatchObject(refused);
      await expect(storage.startUpload(key)).rejects.toMatchObject(refused);
    },
  );

  test.each(lacksKeys)('what the store would not keep apart is refused: %j', async (key) => {
    const storage = await open();
    const refused = { name: 'StorageError', code: 'invalid-key', key };
    await expect(storage.write(key, 'x')).rejects.toMatchObject(refused);
    await expect(storage.stat(key)).rejects.toMatchObject(refused);
  });

  test.each([
    [2, 'wrong-size'],
    [4, 'wrong-size'],
  ])('a body of three bytes announced as %i changes nothing', async (size, code) => {
    const storage = await open();
    await storage.write('key', 'old');
    await expect(storage.write('key', 'new', { size })).rejects.toMatchObject({ code, key: 'key' });
    expect(await textAt(storage, 'key')).toBe('old');
    expect(await keysIn(storage, '')).toEqual(['key']);
    expect(await storage.write('key', 'new', { size: 3 })).toMatchObject({ size: 3 });
  });

  test('a body that fails changes nothing, and its error comes back as it is', async () => {
    const storage = await open();
    const error = new Error('the client went away');
    await storage.write('key', 'old');
    await expect(storage.write('key', failing(['new'], error))).rejects.toBe(error);
    await expect(storage.write('other', failing([], error))).rejects.toBe(error);
    expect(await textAt(storage, 'key')).toBe('old');
    expect(await keysIn(storage, '')).toEqual(['key']);
  });

  test('an aborted write or read ends with an error that says so', async () => {
    const storage = await open();
    await storage.write('key', Buffer.alloc(3_000_000));
    const aborted = AbortSignal.abort();
    const code = 'aborted';
    await expect(storage.write('key', 'x', { signal: aborted })).rejects.toMatchObject({ code });
    const controller = new AbortController();
    const body = (await storage.read('key', undefined, controller.signal))?.body;
    controller.abort();
    await expect(all(body ?? [])).rejects.toMatchObject({ code });
    expect(await storage.stat('key')).toMatchObject({ size: 3_000_000 });
  });
}

/** Stores do not say at which of their seconds they wrote something. */
function timeless(info: ObjectInfo | 'conflict' | undefined): unknown {
  return { ...Object(info), modifiedAt: expect.any(Number) };
}
