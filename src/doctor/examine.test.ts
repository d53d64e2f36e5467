// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import type { FamilySeen } from '../core/doctor/observation.ts';
import type { WireAnswer, WireRequest } from '../upstream/transport.ts';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream-error.ts';
import { examine } from './examine.ts';
import type { DoctorPorts, Target } from './target.ts';

const ORIGIN = new URL('https://images.test');
const TARGET: Target = { origin: ORIGIN, repository: 'hello', reference: 'v1', isFull: false };
const CONNECTED: FamilySeen = {
  family: 'ipv4',
  kind: 'connected',
  address: '192.0.2.1',
  milliseconds: 1,
};

interface World {
  readonly ports: DoctorPorts;
  readonly sent: readonly WireRequest[];
  readonly reached: readonly string[];
}

/** Ports that answer what the test says; each answer takes the clock seven milliseconds. */
function world(
  answer: (request: WireRequest) => WireAnswer,
  family: (url: URL) => FamilySeen = () => CONNECTED,
): World {
  const sent: WireRequest[] = [];
  const reached: string[] = [];
  let clock = 0;
  const ports: DoctorPorts = {
    async reach(url) {
      reached.push(url.host);
      return [family(url)];
    },
    transport: {
      async send(request) {
        sent.push(request);
        clock += 7;
        return answer(request);
      },
    },
    now: () => clock,
  };
  return { ports, sent, reached };
}

function answerOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): WireAnswer {
  return {
    status,
    header: (name) => headers[name],
    body: (async function* () {
      yield Buffer.from(body);
    })(),
    discard: async () => undefined,
  };
}

function redirect(to: string): WireAnswer {
  return answerOf(307, { location: to });
}

test('every host is reached once, before anything is sent there', async () => {
  const { ports, reached } = world(({ url }) =>
    url.host === 'images.test' ? redirect(`https://upstream.test${url.pathname}`) : answerOf(404),
  );
  const seen = await examine(TARGET, ports);
  expect(reached).toEqual(['images.test', 'upstream.test']);
  expect(seen.hosts.map(({ host }) => host)).toEqual(reached);
});

test('nothing is sent to a host that cannot be reached', async () => {
  const { ports, sent } = world(
    () => answerOf(200),
    () => ({ family: 'ipv4', kind: 'no-address' }),
  );
  const { requests } = await examine(TARGET, ports);
  expect([sent, requests]).toEqual([[], []]);
});

test('nor to a private one that a redirect leads to', async () => {
  const secret = 'http://metadata.test';
  const { ports, sent } = world(
    () => redirect(secret.replace('http:', 'https:')),
    ({ host }) =>
      host === 'images.test' ? CONNECTED : { ...CONNECTED, kind: 'private', address: '10.0.0.1' },
  );
  const { requests } = await examine(TARGET, ports);
  expect(requests[0]?.hops.at(-1)?.outcome).toEqual({ kind: 'failed', failure: 'private-host' });
  expect(sent.every(({ url }) => url.host === 'images.test')).toBe(true);
});

test('the time of a hop is that until its headers', async () => {
  const { ports } = world(() => answerOf(404));
  const { requests } = await examine(TARGET, ports);
  expect(requests.flatMap(({ hops }) => hops).map(({ milliseconds }) => milliseconds)).toEqual([
    7, 7,
  ]);
});

test('a token goes to the origin, and not where a redirect leads', async () => {
  const { ports, sent } = world(({ url, headers }) => {
    if (url.pathname === '/token') return answerOf(200, {}, '{"token":"t0k3n"}');
    if (url.host === 'elsewhere.test') return answerOf(404);
    if (headers['authorization'] !== undefined) return redirect('https://elsewhere.test/x');
    const challenge = 'Bearer realm="https://images.test/token"';
    return answerOf(401, { 'www-authenticate': challenge });
  });
  const { requests } = await examine(TARGET, ports);
  expect(requests.map(({ kind, hadToken }) => [kind, hadToken])).toEqual([
    ['token', false],
    ['ping', false],
    ['manifest', true],
  ]);
  const away = sent.filter(({ url }) => url.host === 'elsewhere.test');
  expect(away).toHaveLength(1);
  expect(away[0]?.headers).not.toHaveProperty('authorization');
});

test('https is not left for http', async () => {
  const { ports } = world(() => redirect('http://images.test/'));
  const { requests } = await examine(TARGET, ports);
  expect(requests[0]?.hops).toMatchObject([{ outcome: { failure: 'bad-redirect' } }]);
});

describe('a request that fails', () => {
  test.each<[UpstreamErrorCode, string]>([
    ['unreachable', 'unreachable'],
    ['timeout', 'timeout'],
    ['bad-answer', 'bad-answer'],
    ['forbidden-host', 'private-host'],
  ])('with %s is seen as %s', async (code, failure) => {
    const cause = Object.assign(new Error('secret'), { code: 'ECONNRESET' });
    const { ports } = world(() => {
      throw new UpstreamError(code, 'secret', { cause });
    });
    const { requests } = await examine(TARGET, ports);
    expect(requests[0]?.hops[0]?.outcome).toEqual({
      kind: 'failed',
      failure,
      system: 'ECONNRESET',
    });
    expect(JSON.stringify(requests)).not.toContain('secret');
  });

  test('because it was told to stop ends everything', async () => {
    const { ports } = world(() => {
      throw new UpstreamError('aborted', 'gave up');
    });
    await expect(examine(TARGET, ports)).rejects.toMatchObject({ code: 'aborted' });
  });
});
