// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { hiddenPlaces } from './hidden-places.ts';
import { tokenKeyOfStore } from './token-key.ts';

const KEY = await tokenKeyOfStore(memoryDriver());

test('a place is told by every replica with the same key', () => {
  const place = hiddenPlaces(KEY).placeOf('team/app');
  expect(hiddenPlaces(KEY).nameOf(place)).toBe('team/app');
});

test('a place says nothing of the name, not even how long it is', () => {
  const { placeOf } = hiddenPlaces(KEY);
  const [short, long] = [placeOf('a'), placeOf('a'.repeat(255))];
  expect(short).toHaveLength(long.length);
  expect(placeOf('a')).not.toBe(short);
});

test.each(['', 'team/app', 'a~b', '%'])('%j is no place, and stands for itself', (text) => {
  expect(hiddenPlaces(KEY).nameOf(text)).toBe(text);
});

test('a place of another registry, or one that was changed, is none', async () => {
  const other = hiddenPlaces(await tokenKeyOfStore(memoryDriver())).placeOf('team/app');
  const { nameOf, placeOf } = hiddenPlaces(KEY);
  const changed = placeOf('team/app').replace(/^~./, (start) => (start === '~A' ? '~B' : '~A'));
  for (const place of [other, changed, '~', '~!', '~AAAA']) expect(nameOf(place)).toBeUndefined();
});
