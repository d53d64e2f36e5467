// SPDX-License-Identifier: Apache-2.0

export interface PartOfBody {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

const FIRST_BUFFER = 64 * 1024;
/** Bytes from which on there is a whole part at once: a buffer that is outgrown is garbage that nobody collects soon. */
const LARGEST_GUESS = 1024 * 1024;

/**
 * A body cut into parts, all of which but the last have the size that is asked for. There is always a last one,
 * which is empty only when the body is. Chunks are copied: whoever sends one may use its memory again. Two buffers
 * take turns: the bytes of a part are good until the part after the next one is asked for.
 *
 * @param sizeOf bytes of a part, by its place from 0
 */
export async function* inParts(
  body: AsyncIterable<Uint8Array>,
  sizeOf: (place: number) => number,
): AsyncGenerator<PartOfBody, undefined, undefined> {
  let place = 0;
  const turns = [openPart(), openPart()] as const;
  let part = turns[0];
  part.begin(sizeOf(place));
  for await (const chunk of body) {
    for (let rest = chunk; rest.byteLength > 0; ) {
      if (part.isFull()) {
        yield { bytes: part.bytes(), isLast: false };
        place += 1;
        part = turns[place % 2 === 0 ? 0 : 1];
        part.begin(sizeOf(place));
      }
      rest = rest.subarray(part.add(rest));
    }
  }
  yield { bytes: part.bytes(), isLast: true };
}

/** Bytes of memory that a body takes in parts of that size. */
export function bufferedInParts(size: number, part: number): number {
  return Math.min(size, 2 * part);
}

/** A buffer that grows up to a size: most bodies are far smaller than a part. */
function openPart() {
  let buffer = Buffer.allocUnsafe(0);
  let length = 0;
  let size = 0;
  const grow = (least: number): void => {
    if (least <= buffer.byteLength) return;
    const guess = Math.max(least, buffer.byteLength * 4, FIRST_BUFFER);
    const larger = Buffer.allocUnsafeSlow(guess < LARGEST_GUESS ? Math.min(size, guess) : size);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  return {
    /** Empty again, for so many bytes. */
    begin(next: number): void {
      size = next;
      length = 0;
    },
    isFull: () => length === size,
    bytes: () => buffer.subarray(0, length),
    /** How many bytes found place. */
    add(chunk: Uint8Array): number {
      const count = Math.min(chunk.byteLength, size - length);
      grow(length + count);
      buffer.set(chunk.subarray(0, count), length);
      length += count;
      return count;
    },
  };
}
