// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { someBackend, someTable } from '../../test/support/routing.ts';
import { RegistryError } from '../core/oci/registry-error.ts';
import type { Client } from '../core/routing/client-routes.ts';
import type { Knowledge } from '../core/routing/decide-route.ts';
import type { Question } from '../core/routing/route-plan.ts';
import { openMetrics } from '../metrics.ts';
import type { HttpAnswer, HttpRequest } from '../protocol/http.ts';
import type { Admit } from './admission.ts';
import type { Generation } from './generation.ts';
import { type RedirectorPorts, redirector } from './redirector.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const BLOB = `/v2/a/blobs/${DIGEST}`;
const near = someBackend('near');
const DUBLIN: Client = {
  address: { kind: 4, value: 1 },
  location: { cloud: 'aws', region: 'eu-west-1' },
};

interface Given {
  readonly client?: Client;
  readonly knows?: Knowledge;
  readonly holds?: boolean;
  readonly list?: HttpAnswer;
  readonly showsRoute?: boolean;
  readonly admit?: Admit;
}

function front({ client = DUBLIN, knows = 'unknown', holds = false, ...given }: Given = {}) {
  const { list, showsRoute = false, admit } = given;
  const metrics = openMetrics();
  const asked: Question[] = [];
  const table = someTable({ backends: [near] });
  const generation: Generation = {
    table,
    sources: [],
    showsRoute,
    clientOf: () => client,
    clientAt: () => client,
    routesOf: () => ({
      upstreams: table.upstreams,
      backends: [near],
      deliver: { kind: 'redirect' },
      rule: 0,
    }),
  };
  let time = 0;
  const ports: RedirectorPorts = {
    generation: () => generation,
    admit: () => admit,
    // Every look at the clock takes seven milliseconds.
    clock: () => (time += 7),
    prober: {
      knows: () => knows,
      isWell: () => true,
      ask: async (questions) => {
        asked.push(...questions);
        return holds ? questions[0] : undefined;
      },
    },
    fetchList: async () => list,
    fetchProxied: async (used) => ({ answer: { status: 200, headers: [], body: 'x' }, used }),
    proxied: metrics.counter('proxied', 'x', ['by', 'reason']),
    recordPull: undefined,
    redirects: metrics.counter('redirects', 'x', ['by', 'reason']),
    clients: metrics.counter('clients', 'x', ['cloud', 'region']),
  };
  return { handle: redirector(ports), asked, ports };
}

function request(target: string, method = 'GET'): HttpRequest {
  return {
    method,
    target,
    header: () => undefined,
    peer: '192.0.2.1',
    body: (async function* () {})(),
    signal: new AbortController().signal,
  };
}

describe('the answers', () => {
  test('the API check is 200 and never asks for a token', async () => {
    const answer = await front().handle(request('/v2/'));
    expect(answer.status).toBe(200);
    expect(answer.headers).toContain('Docker-Distribution-Api-Version');
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get'])('%s is not allowed', (method) => {
    expect(() => front().handle(request('/v2/', method))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        status: 405,
        headers: ['Allow', 'GET, HEAD'],
      }),
    );
  });

  test.each(['*', '/v2/#x', 'v2'])('the target %s is malformed', (target) => {
    expect(() => front().handle(request(target))).toThrow(expect.objectContaining({ status: 400 }));
  });

  test('what is refused is refused with the code of the specification', () => {
    expect(() => front().handle(request('/v2/A/manifests/x'))).toThrow(
      expect.objectContaining({ code: 'NAME_INVALID', status: 400 }),
    );
    expect(() => front().handle(request('/v2/_catalog'))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', status: 404 }),
    );
  });
});

describe('a client that is not let in', () => {
  const refusal = new RegistryError('TOOMANYREQUESTS', 'too often');
  const admit: Admit = (client) => {
    expect(client).toBe(DUBLIN);
    throw refusal;
  };

  test.each(['/v2/', BLOB, '/v2/A/manifests/x', '*'])('asks for %s in vain', (target) => {
    const { handle, asked } = front({ admit });
    expect(() => handle(request(target))).toThrow(refusal);
    expect(asked).toEqual([]);
  });
});

describe('redirects', () => {
  test('a redirect whose answer is known costs no promise', () => {
    const answer = front({ knows: 'held' }).handle(request(BLOB));
    expect(answer).toMatchObject({
      status: 307,
      headers: ['Location', `https://near.example/containers/images/${DIGEST}`],
      facts: { by: 'near', reason: 'held', cloud: 'aws', region: 'eu-west-1' },
    });
  });

  test('an unknown blob is asked for, and served by who says yes', async () => {
    const { handle, asked } = front({ holds: true });
    expect(await handle(request(BLOB))).toMatchObject({ facts: { by: 'near', reason: 'held' } });
    expect(asked).toHaveLength(1);
  });

  test('when nobody says yes, the upstream serves it', async () => {
    const answer = await front().handle(request(BLOB));
    expect(answer).toMatchObject({ facts: { by: 'main', reason: 'not-held' } });
  });

  test('a list is answered as fetched, and in any doubt redirected', async () => {
    const list = { status: 200, headers: [], body: '{}' };
    expect(await front({ list }).handle(request('/v2/a/tags/list'))).toBe(list);
    expect(await front().handle(request('/v2/a/tags/list?n=1'))).toMatchObject({
      status: 307,
      headers: ['Location', 'https://main.example/v2/acme/images/a/tags/list?n=1'],
    });
  });
});

describe('headers that say why', () => {
  const served = (answer: HttpAnswer) => answer.headers.slice(2);

  test('name who serves the request, the reason and where the client is', async () => {
    const answer = await front({ knows: 'held', showsRoute: true }).handle(request(BLOB));
    expect(served(answer)).toEqual([
      'X-Archeion-Route',
      'near; reason=held; client=aws/eu-west-1',
      'Server-Timing',
      'route;desc="near held"',
    ]);
  });

  test('tell how long it took when somebody was asked', async () => {
    const client = { address: undefined, location: undefined };
    const answer = await front({ client, showsRoute: true }).handle(request(BLOB));
    expect(served(answer)).toEqual([
      'X-Archeion-Route',
      'main; reason=not-held; client=unreadable',
      'Server-Timing',
      'route;desc="main not-held";dur=7.0',
    ]);
  });
});

test.each([
  { client: DUBLIN, labels: ['aws', 'eu-west-1'] },
  { client: { ...DUBLIN, location: undefined }, labels: ['unknown', ''] },
  { client: { address: undefined, location: undefined }, labels: ['unreadable', ''] },
])('clients are counted by where they are: $labels', async ({ client, labels }) => {
  const { handle, ports } = front({ client, knows: 'held' });
  await handle(request(BLOB));
  await handle(request(BLOB));
  expect(ports.clients.cell(...labels).value).toBe(2);
  expect(ports.redirects.cell('near', 'held').value).toBe(2);
});
