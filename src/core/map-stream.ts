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
      if (underWay.length < limit) continue;
      yield* takeFirst(underWay);
    }
    while (underWay.length > 0) yield* takeFirst(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}

async function* takeFirst<R>(underWay: Promise<R>[]): AsyncGenerator<R, void, undefined> {
  const first = underWay.shift();
  if (first !== undefined) yield await first;
}
