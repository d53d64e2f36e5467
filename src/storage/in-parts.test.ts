// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { inChunks } from '../../test/support/storage-reading.ts';
import { bufferedInParts, inParts, type PartOfBody } from './in-parts.ts';

/** The bytes of a part are good for a while only. */
async function copied(parts: AsyncIterable<PartOfBody>): Promise<PartOfBody[]> {
  const found: PartOfBody[] = [];
  for await (const { bytes, isLast } of parts) {
    found.push({ bytes: Uint8Array.from(bytes), isLast });
  }
  return found;
}

test('a part is good while the next one is read, and its memory is used again after that', async () => {
  const parts = inParts(inChunks(['aabbcc']), () => 2);
  const textOf = (part: IteratorResult<PartOfBody>) =>
    Buffer.from(part.value?.bytes ?? []).toString();
  const [first, second] = [await parts.next(), await parts.next()];
  expect([textOf(first), textOf(second)]).toEqual(['aa', 'bb']);
  await parts.next();
  expect([textOf(first), textOf(second)]).toEqual(['cc', 'bb']);
});

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
  const found = await copied(inParts(inChunks(chunks), () => 3));
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
  const found = await copied(inParts(body(), (place) => (place === 0 ? 150_000 : 70_000)));
  expect(found.map(({ bytes }) => bytes.byteLength)).toEqual([150_000, 70_000, 70_000, 10_000]);
  const expected = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000)).join('');
  expect(Buffer.concat(found.map(({ bytes }) => bytes)).toString()).toBe(expected);
});

test('a body takes two parts of memory at most, and no more than there is of it', () => {
  expect(bufferedInParts(3, 8)).toBe(3);
  expect(bufferedInParts(1_000, 8)).toBe(16);
});
