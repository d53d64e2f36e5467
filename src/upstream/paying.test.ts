// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import { bytesPaid, requestsPaid } from './paying.ts';

const MIB = 1024 * 1024;

function* chunks(count: number, size: number): Generator<Uint8Array> {
  for (let place = 0; place < count; place += 1) yield Buffer.alloc(size, place);
}

interface Passed {
  readonly at: number;
  readonly amount: number;
}

/** The most that passed in any so many milliseconds. */
function mostWithin(passed: readonly Passed[], milliseconds: number): number {
  const sums = passed.map(({ at: from }) =>
    passed
      .filter(({ at }) => at >= from && at <= from + milliseconds)
      .reduce((sum, { amount }) => sum + amount, 0),
  );
  return Math.max(...sums);
}

test.each([10, 500, 3_000])(
  'over any %i ms no more than the rate and one burst passes',
  async (milliseconds) => {
    const clock = virtualClock();
    const paid = bytesPaid(MIB, clock);
    const passed: Passed[] = [];
    const read = async (count: number, size: number) => {
      for await (const { byteLength } of paid(chunks(count, size))) {
        passed.push({ at: clock.now(), amount: byteLength });
      }
    };
    const reading = [read(3, MIB), read(100, 1_000), read(40, 65_536)];
    await clock.run();
    await Promise.all(reading);
    const all = passed.reduce((sum, { amount }) => sum + amount, 0);
    expect(all).toBe(3 * MIB + 100_000 + 40 * 65_536);
    expect(mostWithin(passed, milliseconds)).toBeLessThanOrEqual(
      MIB / 4 + (MIB * milliseconds) / 1_000,
    );
    // And it is used: nobody waits for nothing.
    expect(clock.now()).toBeLessThanOrEqual(((all - MIB / 4) * 1_000) / MIB + passed.length);
  },
);

test('those who read at once get as much each, however large the chunks are that they are sent', async () => {
  const clock = virtualClock();
  const paid = bytesPaid(MIB, clock);
  const received = [0, 0, 0];
  let furthestApart = 0;
  const read = async (who: number, size: number) => {
    for await (const { byteLength } of paid(chunks((4 * MIB) / size, size))) {
      received[who] = (received[who] ?? 0) + byteLength;
      const isUnderWay = received.every((bytes) => bytes < 4 * MIB);
      const apart = Math.max(...received) - Math.min(...received);
      furthestApart = Math.max(furthestApart, isUnderWay ? apart : 0);
    }
  };
  const reading = [read(0, 65_536), read(1, 4 * MIB), read(2, MIB)];
  await clock.run();
  await Promise.all(reading);
  expect(received).toEqual([4 * MIB, 4 * MIB, 4 * MIB]);
  expect(furthestApart).toBeLessThanOrEqual(MIB / 4 + 65_536);
});

test('bytes come out as they went in', async () => {
  const clock = virtualClock();
  const collected: Uint8Array[] = [];
  const reading = (async () => {
    for await (const piece of bytesPaid(65_536, clock)(chunks(3, 50_001))) collected.push(piece);
  })();
  await clock.run();
  await reading;
  expect(Buffer.concat(collected)).toEqual(Buffer.concat([...chunks(3, 50_001)]));
});

test('requests pass at their rate, also one in two seconds', async () => {
  const clock = virtualClock();
  const pay = requestsPaid(0.5, clock);
  const passed: number[] = [];
  const asking = [1, 2, 3].map(() => pay(1).then(() => passed.push(clock.now())));
  await clock.run();
  await Promise.all(asking);
  expect(passed).toEqual([0, 2_000, 4_000]);
});

test('whoever gives up does not wait', async () => {
  const clock = virtualClock();
  const pay = requestsPaid(1, clock);
  await pay(1);
  const abort = new AbortController();
  const waiting = pay(1, abort.signal);
  abort.abort();
  await waiting;
  expect(clock.now()).toBe(0);
});
