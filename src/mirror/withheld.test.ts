// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { textAt } from '../../test/support/storage-reading.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { changeWithheld, readWithheld, type Withheld } from './withheld.ts';

const KEY = 'archeion/mirror/withheld.json';
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map(
  (digit) => parseDigest(`sha256:${digit.repeat(64)}`) ?? expect.fail('it is one'),
) as [Digest, Digest, Digest, Digest];

const ENTRIES: ReadonlyArray<[Digest, Withheld]> = [
  [A, { kind: 'unwanted', at: 1, version: 'x', until: 7 }],
  [B, { kind: 'deleting', at: 2, version: 'y' }],
  [C, { kind: 'deleted', at: 3 }],
  [D, { kind: 'corrupt', at: 4, version: 'z' }],
];

test('a note says what it was told, and nothing is withheld where there is none', async () => {
  const store = memoryDriver();
  expect([...(await readWithheld(store))]).toEqual([]);
  await changeWithheld(store, async () => new Map(ENTRIES));
  expect([...(await readWithheld(store))]).toEqual(ENTRIES);
});

test('nothing is written when nothing changes', async () => {
  const store = memoryDriver();
  await changeWithheld(store, async () => undefined);
  expect(await store.stat(KEY)).toBeUndefined();
});

test('whoever changes it after somebody else decides by what that one wrote', async () => {
  const store = memoryDriver();
  const seen: number[] = [];
  const after = await changeWithheld(store, async (digests) => {
    seen.push(digests.size);
    const isFirst = seen.length === 1;
    if (isFirst) await changeWithheld(store, async () => new Map(ENTRIES.slice(0, 2)));
    return new Map([...digests, ...ENTRIES.slice(2, 3)]);
  });
  expect(seen).toEqual([0, 2]);
  expect([...after.keys()]).toEqual([A, B, C]);
  expect(await readWithheld(store)).toEqual(after);
});

test('two notes that say the same are not the same bytes: versions may be hashes of them', async () => {
  const store = memoryDriver();
  await changeWithheld(store, async () => new Map(ENTRIES));
  const first = await textAt(store, KEY);
  await changeWithheld(store, async () => new Map(ENTRIES));
  expect(await textAt(store, KEY)).not.toBe(first);
});

test('others who change it all the time are waited for only so long', async () => {
  const store = memoryDriver();
  const losing = { ...store, write: async () => 'conflict' as const };
  const attempt = changeWithheld(losing, async () => new Map(ENTRIES));
  await expect(attempt).rejects.toThrow('others change it all the time');
});

const entry = (fields: object) =>
  JSON.stringify({ version: 1, revision: 1, digests: [{ digest: A, at: 1, ...fields }] });

test.each([
  '',
  'null',
  '{"version":2,"revision":1,"digests":[]}',
  '{"version":1,"revision":1,"digests":{}}',
  '{"version":1,"digests":[]}',
  '{"version":1,"revision":1,"digests":["sha256:aa"]}',
  entry({ kind: 'deleted', digest: 'sha256:aa' }),
  entry({ kind: 'deleted', at: '1' }),
  entry({ kind: 'unwanted' }),
  entry({ kind: 'unwanted', version: 'x', until: 'now' }),
  entry({ kind: 'wanted', version: 'x' }),
])('what is no note is an error, because nobody knows what is being deleted: %s', async (text) => {
  const store = memoryDriver();
  await store.write(KEY, text);
  await expect(readWithheld(store)).rejects.toThrow('it is not as it was written');
});
