// SPDX-License-Identifier: Apache-2.0

/**
 * Does some work for each item, a few at a time; results come in the order of the items. After a failure
 * nothing new is begun, and what was begun has ended before the failure is thrown.
 */
export async function concurrently<T, R>(
  items: Iterable<T> & { readonly length: number },
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  // One iterator for all: each takes the next item that none has taken yet, and a failure closes it for everybody.
  const queue = numbered(items);
  const takeItems = async (): Promise<void> => {
    for (const [index, item] of queue) {
      results[index] = await work(item);
    }
  };
  const takers = Array.from({ length: Math.min(limit, items.length) }, () =>
    takeItems().catch((error: unknown) => void failures.push(error)),
  );
  await Promise.all(takers);
  if (failures.length > 0) throw failures[0];
  return results;
}

function* numbered<T>(items: Iterable<T>): Generator<readonly [number, T], void, undefined> {
  let place = 0;
  for (const item of items) {
    yield [place, item];
    place += 1;
  }
}
