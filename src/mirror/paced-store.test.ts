// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { bytesIn } from '../../test/support/storage-reading.ts';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import { memoryDriver } from '../storage/memory/memory.ts';
import { pacedStore } from './paced-store.ts';

const CAP = 100_000;

async function* body(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < 4; count += 1) yield Buffer.alloc(CAP, count);
}

test('all that is written to a store is at its pace, whatever it is given as', async () => {
  const clock = virtualClock();
  const driver = memoryDriver();
  const store = pacedStore(driver, CAP, clock);
  const bytes = Buffer.alloc(4 * CAP, 'x');
  const writing = [
    store.write('body', body(), { size: 4 * CAP }),
    store.write('bytes', bytes),
    store.write('text', 'y'.repeat(2 * CAP), { contentType: 'text/plain' }),
  ];
  await clock.run();
  await Promise.all(writing);
  // All but one burst, a quarter of a second, had to be waited for.
  expect(clock.now()).toBeGreaterThanOrEqual(9_750);
  expect(clock.now()).toBeLessThan(10_000);
  const held = async (key: string) =>
    bytesIn((await store.read(key))?.body ?? expect.fail('it is not there'));
  expect(await held('bytes')).toEqual(bytes);
  expect((await held('text')).toString()).toBe('y'.repeat(2 * CAP));
  expect((await held('body')).byteLength).toBe(4 * CAP);
});
