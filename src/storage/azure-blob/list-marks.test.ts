// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { listMarks } from './list-marks.ts';

test('the closest mark that leaves nothing out is found, of that list alone', () => {
  const marks = listMarks();
  marks.keep('list', 'b', 'after b');
  marks.keep('list', 'd', 'after d');
  marks.keep('other', 'c', 'of another');
  expect(['a', 'b', 'c', 'd', 'e'].map((after) => marks.closest('list', after))).toEqual([
    undefined,
    'after b',
    'after b',
    'after d',
    'after d',
  ]);
});

test('the oldest are forgotten, and one that is kept again is new', () => {
  const marks = listMarks(2);
  marks.keep('list', 'a', '1');
  marks.keep('list', 'b', '2');
  marks.keep('list', 'a', '3');
  marks.keep('list', 'c', '4');
  expect(['a', 'b', 'c'].map((after) => marks.closest('list', after))).toEqual(['3', '3', '4']);
});
