// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { all, inChunks } from '../../test/support/storage-reading.ts';
import { inParts } from './in-parts.ts';

test.each([
  [[], ['']],
  [['', ''], ['']],
  [['ab'], ['ab']],
  [['abc'], ['abc']],
  [['ab', 'c'], ['abc']],
  [['abcd'], ['abc', 'd']],
  [
    ['a', 'bcde', 'fgh'],
    ['abc', 'def', 'gh'],
  ],
])('%j in parts of three is %j', async (chunks, parts) => {
  const found = await all(inParts(inChunks(chunks), () => 3));
  expect(found.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(parts);
  expect(found.map(({ isLast }) => isLast)).toEqual(parts.map((_, i) => i === parts.length - 1));
});

test('parts may differ in size, and keep their bytes when the chunk is used again', async () => {
  const chunk = Buffer.alloc(100_000, 'a');
  const body = async function* () {
    for (const letter of 'abc') {
      chunk.fill(letter);
      yield chunk;
    }
  };
  const found = await all(inParts(body(), (place) => (place === 0 ? 150_000 : 70_000)));
  expect(found.map(({ bytes }) => bytes.byteLength)).toEqual([150_000, 70_000, 70_000, 10_000]);
  const expected = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000)).join('');
  expect(Buffer.concat(found.map(({ bytes }) => bytes)).toString()).toBe(expected);
});
