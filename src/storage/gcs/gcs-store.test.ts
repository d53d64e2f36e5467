// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { groupsOf } from './gcs-copy.ts';
import { escapedName } from './gcs-keys.ts';
import { writtenAt } from './gcs-read.ts';
import { conditionOf, gcsProblem } from './gcs-store.ts';
import { keptBy, rangeOf } from './upload-session.ts';

test.each([
  [undefined, {}],
  [{ absent: true } as const, { ifGenerationMatch: '0' }],
  [{ version: '1763755200000000' }, { ifGenerationMatch: '1763755200000000' }],
  [{ version: '0' }, { ifGenerationMatch: '1' }],
  [{ version: 'none' }, { ifGenerationMatch: '1' }],
])('the condition %j is %j', (condition, query) => {
  expect(conditionOf(condition)).toEqual(query);
});

test('a name is one segment', () => {
  expect(escapedName("a/b c+d:'(ü)!*")).toBe('a%2Fb%20c%2Bd%3A%27%28%C3%BC%29%21%2A');
});

test.each([
  ['{"error":{"code":404,"message":"No such object: a/b"}}', 'Error', 'No such object: a/b'],
  ['{"error":{"message":"The specified bucket does not exist."}}', 'NoSuchBucket', undefined],
  ['no JSON\nmore', 'Error', 'no JSON'],
  ['', 'Error', 'refused'],
])('%j is a problem', (text, name, message) => {
  expect(gcsProblem(text)).toMatchObject({ name, ...(message !== undefined && { message }) });
});

test.each([
  [0, 10, false, 'bytes 0-9/*'],
  [10, 15, true, 'bytes 10-14/15'],
])('a piece says where it belongs: %i to %i', (first, end, isLast, range) => {
  expect(rangeOf(first, end, isLast)).toBe(range);
});

test.each([
  ['bytes=0-9', 10],
  [undefined, 0],
])('with the range %j the store has kept %i bytes', (range, kept) => {
  expect(keptBy({ header: () => range })).toBe(kept);
});

test('groups are as large as they may be but the last', () => {
  expect(groupsOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(groupsOf([], 2)).toEqual([]);
});

test.each([
  ['Sat, 21 Nov 2026 20:00:00 GMT', '1', Date.UTC(2026, 10, 21, 20)],
  [undefined, '1763755200123456', 1_763_755_200_000],
  [undefined, '7', 1_900_000_000_000],
  [undefined, '', 1_900_000_000_000],
])('with the header %j and generation %j it was written at %i', (header, generation, time) => {
  expect(writtenAt(header, generation, 1_900_000_000_000)).toBe(time);
});
