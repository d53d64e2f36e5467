// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { openLog } from '../../log.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import { UpstreamError } from '../../upstream/upstream-error.ts';
import type { WebhookAnswer } from '../../upstream/webhook-client.ts';
import { deliverEvent } from './deliver-event.ts';
import { LEASE, takePlace } from './endpoint-place.ts';
import { batchKey, deadKey, endpointKey } from './event-keys.ts';
import { openEventLog } from './event-log.ts';
import type { RegistryEvent } from './registry-event.ts';
import { secretProblem, signedHeaders } from './sign-webhook.ts';
import { type EndpointOptions, type EndpointPorts, tellEndpoint } from './tell-endpoint.ts';

const OK: WebhookAnswer = { status: 200, retryAfter: undefined };
const DEFAULTS: EndpointOptions = {
  endpoint: 'hook',
  source: '/test',
  attempts: 3,
  types: undefined,
  holder: 'one',
  poll: 1_000,
};

function someEvent(id: string): RegistryEvent {
  const time = '2026-01-01T00:00:00Z';
  return { id, time, type: 'tag.set', repository: 'app', tag: id };
}

type Answer = WebhookAnswer | Error;

/** A world whose clock moves only when somebody sleeps, and that ends after some sleeps. */
function world(storage = memoryDriver(), sleeps = 4) {
  const stop = new AbortController();
  const lines: Array<Record<string, unknown>> = [];
  const state = { clock: Date.UTC(2026, 0, 1), slept: [] as number[], sent: [] as string[] };
  const answers: Answer[] = [];
  const counted: string[] = [];
  const ports: EndpointPorts & { signal: AbortSignal } = {
    storage,
    client: {
      async post(headers) {
        state.sent.push(headers['webhook-id'] ?? '');
        const answer = answers.shift() ?? OK;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    secret: async () => 'a secret of four and twenty letters',
    log: openLog('info', (line) => lines.push(JSON.parse(line))),
    now: () => state.clock,
    sleep: async (milliseconds, signal) => {
      await new Promise(setImmediate);
      // Whoever holds a place sleeps beside whoever tells.
      if (signal.aborted || milliseconds === LEASE / 3) return;
      state.slept.push(milliseconds);
      state.clock += milliseconds;
      if (state.slept.length >= sleeps) stop.abort();
    },
    random: () => 1,
    retried: () => counted.push('retried'),
    delivered: () => counted.push('delivered'),
    died: () => counted.push('dead'),
    lag: (lag) => counted.push(`lag ${lag}`),
    signal: stop.signal,
  };
  return { storage, ports, state, answers, counted, lines, stop };
}

/** An endpoint that follows an empty log, so that it is told of all that comes. */
async function followed(sleeps?: number) {
  const here = world(memoryDriver(), sleeps);
  const { storage, ports } = here;
  await takePlace({ storage, endpoint: 'hook', holder: 'one', now: ports.now });
  const { append } = openEventLog(storage);
  return { ...here, append };
}

const placeOf = async (storage: ReturnType<typeof memoryDriver>) => {
  const found = await storage.read(endpointKey('hook'));
  let text = '';
  for await (const chunk of found?.body ?? []) text += Buffer.from(chunk);
  return JSON.parse(text);
};

describe('an endpoint', () => {
  test('is told of everything in its order, and its place is left for the next', async () => {
    const { append, ports, state, storage, counted } = await followed(2);
    await append([someEvent('a'), someEvent('b')]);
    await append([someEvent('c')]);
    await tellEndpoint(DEFAULTS, ports);
    expect(state.sent).toEqual(['a', 'b', 'c']);
    expect(await placeOf(storage)).toMatchObject({ cursor: '3-0', until: 0 });
    expect(counted).toContain('lag 0');
  });

  test('that is new is told of what comes, not of what was', async () => {
    const { storage, ports, state } = world(memoryDriver(), 3);
    const { append } = openEventLog(storage);
    await append([someEvent('old')]);
    const { sleep } = ports;
    const appending: typeof sleep = async (...given) => {
      if (state.slept.length === 0) await append([someEvent('new')]);
      return sleep(...given);
    };
    await tellEndpoint(DEFAULTS, { ...ports, sleep: appending });
    expect(state.sent).toContain('new');
    expect(state.sent).not.toContain('old');
  });

  test('waits longer each time, and as long as it asks for', async () => {
    const { append, ports, state, answers } = await followed(3);
    await append([someEvent('a')]);
    answers.push({ status: 503, retryAfter: undefined }, { status: 429, retryAfter: 90_000 });
    await tellEndpoint(DEFAULTS, ports);
    expect(state.sent).toEqual(['a', 'a', 'a']);
    expect(state.slept.slice(0, 2)).toEqual([1_000, 90_000]);
  });

  test('that never takes an event gets the next one, and the letter is kept', async () => {
    const { append, ports, state, answers, storage, counted, lines } = await followed(6);
    await append([someEvent('a'), someEvent('b')]);
    const lost = new UpstreamError('unreachable', 'no');
    answers.push(lost, lost, lost);
    await tellEndpoint(DEFAULTS, ports);
    expect(state.sent).toEqual(['a', 'a', 'a', 'b']);
    expect(counted.filter((one) => !one.startsWith('lag'))).toEqual([
      'retried',
      'retried',
      'dead',
      'delivered',
    ]);
    expect(await storage.stat(deadKey('hook', 'a'))).toBeDefined();
    const dead = lines.find(({ event }) => event === 'event-dead');
    expect(dead).toMatchObject({ id: 'a', code: 'unreachable' });
  });

  test('is told again of what was told just before its replica died, under the same id', async () => {
    const { append, ports, state, storage } = await followed(2);
    await append([someEvent('a'), someEvent('b')]);
    // Dies after the first was sent: nothing it knew is in the store.
    const dying = world(storage);
    dying.answers.push(OK, new UpstreamError('aborted', 'killed'));
    const doomed = { ...dying.ports, sleep: () => new Promise<void>(() => {}) };
    void tellEndpoint(DEFAULTS, doomed);
    await expect.poll(() => dying.state.sent).toEqual(['a', 'b']);
    state.clock += LEASE * 2;
    await tellEndpoint({ ...DEFAULTS, holder: 'two' }, ports);
    expect(state.sent).toEqual(['a', 'b']);
  });

  test('is told by one of two replicas, and by the other when that is gone', async () => {
    const { append, ports, state, storage } = await followed(1);
    await append([someEvent('a')]);
    const two = { ...DEFAULTS, holder: 'two' };
    await tellEndpoint(two, ports);
    expect(state.sent).toEqual([]);
    const later = world(storage, 2);
    later.state.clock += LEASE + 1;
    await tellEndpoint(two, later.ports);
    expect(later.state.sent).toEqual(['a']);
  });

  test('is left by a replica whose place somebody else has taken', async () => {
    const { append, ports, state, storage } = await followed(2);
    await append([someEvent('a')]);
    const { post } = ports.client;
    const robbed = async (...given: Parameters<typeof post>) => {
      await storage.write(
        endpointKey('hook'),
        JSON.stringify({ cursor: '1-0', holder: 'x', until: 9e15 }),
      );
      return post(...given);
    };
    await tellEndpoint(DEFAULTS, { ...ports, client: { post: robbed } });
    expect(state.sent).toEqual(['a']);
    expect(await placeOf(storage)).toMatchObject({ holder: 'x', cursor: '1-0' });
  });

  test('goes on behind what is damaged, and waits for a store that failed', async () => {
    const { append, ports, state, storage, lines } = await followed(3);
    await append([someEvent('a')]);
    await append([someEvent('b')]);
    await storage.write(batchKey(1), '{');
    let isFirst = true;
    const failing: typeof storage = {
      ...storage,
      write: (...given) => {
        const isNow = isFirst;
        isFirst = false;
        return isNow ? Promise.reject(new Error('away')) : storage.write(...given);
      },
    };
    await tellEndpoint(DEFAULTS, { ...ports, storage: failing });
    expect(state.sent).toEqual(['b']);
    expect(lines.map(({ event }) => event)).toEqual(['events-not-told', 'events-unreadable']);
  });

  test('whose place is damaged is not told, and that is said', async () => {
    const { ports, storage, lines } = world(memoryDriver(), 1);
    await storage.write(endpointKey('hook'), '{}');
    await tellEndpoint(DEFAULTS, ports);
    expect(lines[0]).toMatchObject({ event: 'events-not-told', endpoint: 'hook' });
  });
});

test('a secret that cannot be read is tried again, and nothing is sent without it', async () => {
  const { ports, state } = world();
  const secret = () => Promise.reject(new Error('gone'));
  const delivery = await deliverEvent(someEvent('a'), DEFAULTS, { ...ports, secret });
  expect(delivery).toEqual({ kind: 'dead', last: { kind: 'failed', code: 'secret' } });
  expect(state.sent).toEqual([]);
});

// The example of the specification: https://github.com/standard-webhooks/standard-webhooks
test('messages are signed as the specification says', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const message = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  };
  expect(signedHeaders(secret, message)['webhook-signature']).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test.each([
  ['short', 'has fewer than 24 characters'],
  ['x'.repeat(30), 'can be guessed'],
  ['a secret of four and twenty letters', undefined],
])('of the secret "%s" it is said that it %s', (secret, problem) => {
  expect(secretProblem(secret)).toBe(problem);
});
