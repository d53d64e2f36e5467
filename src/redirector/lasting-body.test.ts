// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { begun, lastingBody } from './lasting-body.ts';

const A = Uint8Array.of(1);
const B = Uint8Array.of(2);

async function* pieces(...given: ReadonlyArray<Uint8Array | Error>): AsyncGenerator<Uint8Array> {
  for (const one of given) {
    if (one instanceof Error) throw one;
    yield one;
  }
}

/** A body of these pieces that counts how often it was said to be over. */
function counted(...given: ReadonlyArray<Uint8Array | Error>) {
  const seen = { over: 0, passed: 0 };
  return {
    seen,
    body: lastingBody(pieces(...given), {
      over: () => (seen.over += 1),
      passed: () => (seen.passed += 1),
    }),
  };
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const piece of body) found.push(piece);
  return found;
}

describe('a body is over', () => {
  test('at its end, with all its pieces', async () => {
    const { seen, body } = counted(A, B);
    expect(await read(body)).toEqual([A, B]);
    expect(seen.over).toBeGreaterThan(0);
    expect(seen.passed).toBe(2);
  });

  test('when it fails', async () => {
    const { seen, body } = counted(A, new Error('lost'));
    await expect(read(body)).rejects.toThrow('lost');
    expect(seen.over).toBeGreaterThan(0);
  });

  test('when its reader leaves half way', async () => {
    const { seen, body } = counted(A, B);
    for await (const piece of body) {
      expect(piece).toBe(A);
      break;
    }
    expect(seen.over).toBeGreaterThan(0);
  });

  test('when it is closed before anybody read it', async () => {
    const { seen, body } = counted(A);
    await body[Symbol.asyncIterator]().return?.();
    expect(seen.over).toBeGreaterThan(0);
  });
});

describe('a body that was begun', () => {
  test('has all its pieces still', async () => {
    expect(await read(await begun(counted(A, B).body))).toEqual([A, B]);
    expect(await read(await begun(counted().body))).toEqual([]);
  });

  test('fails at once when there is no first piece', async () => {
    await expect(begun(counted(new Error('lost')).body)).rejects.toThrow('lost');
  });

  test('is over when it is closed, read or not', async () => {
    const { seen, body } = counted(A, B);
    await (await begun(body))[Symbol.asyncIterator]().return?.();
    expect(seen.over).toBeGreaterThan(0);
  });
});
