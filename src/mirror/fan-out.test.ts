// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { bytesIn } from '../../test/support/storage-reading.ts';
import { fanOut } from './fan-out.ts';

const CHUNK = Buffer.alloc(600_000, 'x');

async function* chunks(count: number, error?: Error): AsyncGenerator<Uint8Array> {
  for (let place = 0; place < count; place += 1) yield CHUNK;
  if (error !== undefined) throw error;
}

const size = async (body: AsyncIterable<Uint8Array>) => (await bytesIn(body)).byteLength;

test('every reader gets all of it', async () => {
  const results = await fanOut({ body: chunks(5), readers: [size, size], patience: 1_000 });
  expect(results).toEqual([
    { status: 'fulfilled', value: 3_000_000 },
    { status: 'fulfilled', value: 3_000_000 },
  ]);
});

test('a reader that fails, now or later, leaves the others alone', async () => {
  const early = () => Promise.reject(new Error('early'));
  const late = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
    for await (const _ of body) throw new Error('late');
    return 0;
  };
  const readers = [early, size, late];
  const results = await fanOut({ body: chunks(5), readers, patience: 1_000 });
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
});

test('a reader that takes nothing any more is left behind', async () => {
  const stuck = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
    const waiting = body as AsyncIterable<Uint8Array> & NodeJS.EventEmitter; // what it is, here
    await new Promise((resolve) => waiting.once('close', resolve));
    throw new Error('it was left behind');
  };
  const results = await fanOut({ body: chunks(8), readers: [stuck, size], patience: 5 });
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
});

test('a reader that never ends, although it was given everything, is left behind, too', async () => {
  const stuck = () => new Promise<number>(() => {});
  const results = await fanOut({ body: chunks(1), readers: [stuck, size], patience: 5 });
  const reason = expect.objectContaining({ name: 'StuckReader' });
  expect(results).toEqual([
    { status: 'rejected', reason },
    { status: 'fulfilled', value: 600_000 },
  ]);
});

test('what the body fails with is what every reader fails with, the late ones, too', async () => {
  const error = new Error('the source broke');
  const late = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    return size(body);
  };
  const results = await fanOut({ body: chunks(1, error), readers: [size, late], patience: 1_000 });
  expect(results).toEqual([
    { status: 'rejected', reason: error },
    { status: 'rejected', reason: error },
  ]);
});

test('a body that nobody reads any more is not read on', async () => {
  let given = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (; given < 100; given += 1) yield CHUNK;
  }
  const early = () => Promise.reject(new Error('early'));
  await fanOut({ body: counted(), readers: [early], patience: 1_000 });
  expect(given).toBeLessThan(5);
});
