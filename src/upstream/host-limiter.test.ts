// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { virtualClock } from '../../test/support/virtual-clock.ts';
import { limitedTransport } from './host-limiter.ts';
import type { Transport, WireAnswer, WireRequest } from './transport.ts';
import { UpstreamError } from './upstream-error.ts';

async function* nothing(): AsyncGenerator<Uint8Array> {}

function answered(status: number, headers: Readonly<Record<string, string>> = {}): WireAnswer {
  return {
    status,
    header: (name) => headers[name],
    discard: async () => {},
    body: nothing(),
  };
}

function request(host = 'a.example'): WireRequest {
  return { url: new URL(`https://${host}/x`), method: 'GET', headers: {} };
}

/** A transport whose requests stay under way until the test answers them. */
function openLimited(most: number) {
  const sent: Array<{
    host: string;
    resolve: (answer: WireAnswer) => void;
    reject: (error: Error) => void;
  }> = [];
  const slept: number[] = [];
  const transport: Transport = {
    send: ({ url }) =>
      new Promise((resolve, reject) => void sent.push({ host: url.host, resolve, reject })),
    close: async () => {},
  };
  const limited = limitedTransport(transport, {
    most,
    longestPause: 5_000,
    now: () => 0,
    sleep: async (milliseconds) => void slept.push(milliseconds),
  });
  return { limited, sent, slept };
}

/** Lets everything happen that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a host gets no more at once than it may, another host its own', async () => {
  const { limited, sent } = openLimited(2);
  for (const host of ['a', 'a', 'a', 'b']) void limited.send(request(host));
  await settle();
  expect(sent.map(({ host }) => host)).toEqual(['a', 'a', 'b']);
});

test('a body takes its place until it was read', async () => {
  const { limited, sent } = openLimited(1);
  const first = limited.send(request());
  void limited.send(request());
  await settle();
  sent[0]?.resolve(answered(200));
  const { body } = await first;
  await settle();
  expect(sent).toHaveLength(1);
  for await (const _ of body);
  await settle();
  expect(sent).toHaveLength(2);
});

test('a host that answers 429 gets half, and the pause it asks for within reason', async () => {
  const { limited, sent, slept } = openLimited(4);
  const answers = [1, 2, 3, 4, 5, 6].map(() => limited.send(request()));
  await settle();
  const answer = async (place: number, status: number): Promise<void> => {
    sent[place]?.resolve(answered(status, { 'retry-after': '3600' }));
    await (await answers[place])?.discard();
    await settle();
  };
  await answer(0, 429);
  await answer(1, 200);
  expect(sent).toHaveLength(4);
  await answer(2, 200);
  expect(sent).toHaveLength(6);
  expect(slept).toEqual([5_000, 5_000]);
});

test('a failed request gives its place back', async () => {
  const { limited, sent } = openLimited(1);
  const first = limited.send(request());
  void limited.send(request());
  await settle();
  sent[0]?.reject(new UpstreamError('timeout', 'too slow'));
  await expect(first).rejects.toThrow('too slow');
  await settle();
  expect(sent).toHaveLength(2);
});

test('who gives up during a pause does not sit it out, and hears of it from the transport', async () => {
  const stop = new AbortController();
  const answers = [answered(429, { 'retry-after': '3600' })];
  const transport: Transport = {
    async send({ signal }) {
      signal?.throwIfAborted();
      return answers.shift() ?? answered(200);
    },
    close: async () => {},
  };
  const limited = limitedTransport(transport, {
    most: 1,
    longestPause: 5_000,
    now: () => 0,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('over')));
      }),
  });
  await (await limited.send(request())).discard();
  const paused = limited.send({ ...request(), signal: stop.signal });
  await settle();
  stop.abort(new Error('given up'));
  await expect(paused).rejects.toThrow('given up');
});

test('with caps each host is asked and read at no more than its pace, however many at once', async () => {
  const clock = virtualClock();
  const asked: string[] = [];
  async function* body() {
    yield Buffer.alloc(100_000);
  }
  const transport: Transport = {
    async send({ url }) {
      asked.push(`${url.host} ${clock.now()}`);
      return { ...answered(200), body: body() };
    },
    close: async () => {},
  };
  const caps = { requestsPerSecond: 4, bytesPerSecond: 200_000 };
  const limited = limitedTransport(transport, { most: 8, longestPause: 0, ...clock, ...caps });
  const finished: number[] = [];
  const read = async (host: string) => {
    const answer = await limited.send(request(host));
    for await (const _ of answer.body);
    finished.push(clock.now());
  };
  const reading = ['a', 'a', 'a', 'b', 'b'].map(read);
  await clock.run();
  await Promise.all(reading);
  expect(asked).toEqual(['a 0', 'b 0', 'a 250', 'b 250', 'a 500']);
  // 50,000 bytes pass at once. The last two of the first host take turns: 1,250 ms for 300,000 bytes in all.
  expect(finished.map((at) => Math.round(at / 50) * 50)).toEqual([250, 250, 750, 1_000, 1_250]);
});
