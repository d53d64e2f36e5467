// SPDX-License-Identifier: Apache-2.0

/**
 * Does some work for each item of a stream, a few at a time; results come in the order of the items, and no
 * more items are taken than are worked on. Whoever stops early, or after a failure, finds nothing under way.
 */
export async function* mapStream<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // A failure is thrown when its turn comes; until then nobody else looks at it.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length >= limit) yield* inOrder(underWay.splice(0, 1));
    }
    yield* inOrder(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}

async function* inOrder<R>(results: readonly Promise<R>[]): AsyncGenerator<R, void, undefined> {
  for (const result of results) yield await result;
}
