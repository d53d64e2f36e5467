// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { digestTable } from './digest-table.ts';

function digest(text: string): Digest {
  const parsed = parseDigest(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
}

const A = digest(`sha256:${'0a'.repeat(32)}`);
const B = digest(`sha256:${'0b'.repeat(32)}`);
const LONG = digest(`sha512:${'0a'.repeat(64)}`);

test('a table knows the sizes of the digests it was told, and of no other', () => {
  const table = digestTable();
  table.set(A, 7);
  table.set(LONG, 0);
  expect([A, B, LONG].map(table.sizeOf)).toEqual([7, undefined, 0]);
  table.set(A, 8);
  expect(table.size()).toBe(2);
  expect(table.sizeOf(A)).toBe(8);
});

test('what is forgotten is as if it had never been set, and may be set again', () => {
  const table = digestTable();
  table.set(A, 7);
  table.set(B, 8);
  for (const one of [A, A, LONG]) table.forget(one);
  expect([A, B, LONG].map(table.sizeOf)).toEqual([undefined, 8, undefined]);
  expect([...table.records()].map(({ size }) => size)).toEqual([8]);
  expect(table.size()).toBe(1);
  table.set(A, 9);
  expect(table.sizeOf(A)).toBe(9);
  expect(table.size()).toBe(2);
});

test('a record is in it as long as its digest is', () => {
  const table = digestTable();
  const other = digestTable();
  table.set(A, 7);
  for (const one of [A, B]) other.set(one, 1);
  expect([...other.records()].map(table.hasRecord)).toEqual([true, false]);
  table.forget(A);
  expect([...other.records()].map(table.hasRecord)).toEqual([false, false]);
});

test('its records make the same table again', () => {
  const table = digestTable();
  table.set(A, 7);
  table.set(LONG, 2 ** 39);
  const again = digestTable();
  for (const record of table.records()) again.setRecord(record);
  expect([A, B, LONG].map(again.sizeOf)).toEqual([7, undefined, 2 ** 39]);
  expect([...again.records()]).toEqual([
    { algorithm: 'sha256', hex: '0a'.repeat(10), size: 7 },
    { algorithm: 'sha512', hex: '0a'.repeat(10), size: 2 ** 39 },
  ]);
});

test('it grows, and digests that begin alike stay apart', () => {
  const table = digestTable();
  const digests = Array.from({ length: 3_000 }, (_, place) => {
    const middle = place.toString(16).padStart(8, '0');
    return digest(`sha256:${'00000007'}${middle}${'0'.repeat(48)}`);
  });
  for (const [place, one] of digests.entries()) table.set(one, place);
  expect(table.size()).toBe(3_000);
  expect(digests.every((one, place) => table.sizeOf(one) === place)).toBe(true);
  const other = digest(`sha256:00000007${'0'.repeat(8)}0001${'0'.repeat(44)}`);
  expect(table.sizeOf(other)).toBeUndefined();
});
