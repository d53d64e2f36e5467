// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../config/config-error.ts';
import { ConfigSchema } from '../../config/schema.ts';
import { UsageError } from '../command.ts';
import type { LoadedConfig } from '../load-config.ts';
import { errorOf, failureOf, WorkerError } from './worker-failure.ts';
import { parseFromWorker, parseToWorker } from './worker-messages.ts';

function loadedFrom(text: string): LoadedConfig {
  const config = ConfigSchema.parse(parse(text));
  return { config, origin: '/a.yaml', directory: '/', file: '/a.yaml' };
}

const SHIPPED = readFileSync(
  new URL('../../../data/registry.k8s.io.yaml', import.meta.url),
  'utf8',
);
const EVERYTHING = `
publicName: images.example.org
listen: { host: 127.0.0.1, port: 1, tls: { certificate: a.crt, key: a.key } }
clientAddress: { trustedProxies: ['10.0.0.0/8', '2001:db8::/32'] }
upstreams:
  - name: main
    url: 'https://main.example'
    deliver: proxy
    leadsTo: [storage.example]
    credentials: { username: me, passwordFile: password }
backends: [{ name: a, url: 'https://a.example', at: { cloud: aws, region: eu-west-1 }, index: true, blobPath: 'blobs/{algorithm}/{hex}' }]
blobPath: '{hex}/{algorithm}'
routing: [{ client: { cloud: aws, prefixes: ['2001:db8::/48'] }, blobs: [a] }, { deliver: deny, help: 'https://example.org' }]
cloudRanges:
  static: [{ prefix: '2001:db8::/32', cloud: aws, region: eu-west-1 }]
existence: { heldFor: 90s }
rateLimit: { burst: 7, exempt: ['10.0.0.0/8', '2001:db8::/32'] }
repositories: { list: [pause, 'etcd/*'] }
pullEvents: { to: pulls.jsonl }
`;

/** As node sends messages between processes. */
const sent = (message: unknown): unknown => JSON.parse(JSON.stringify(message));

test.each([
  ['the shipped one', SHIPPED],
  ['one with every kind of value', EVERYTHING],
])('a configuration comes to a worker as it was checked: %s', (_, text) => {
  const loaded = loadedFrom(text);
  const message = { kind: 'start', version: '1', worker: 1, loaded } as const;
  expect(parseToWorker(sent(message))).toEqual(message);
});

test.each([{ kind: 'settle', accept: true }, { kind: 'settle', accept: false }, { kind: 'stop' }])(
  'a worker reads $kind',
  (message) => {
    expect(parseToWorker(sent(message))).toEqual(message);
  },
);

test.each([
  undefined,
  'stop',
  { kind: 'begin' },
  { kind: 'start', version: '1', worker: 1 },
  { kind: 'start', version: '1', worker: 1, loaded: { config: {}, origin: '/a.yaml' } },
  { kind: 'start', worker: 1, loaded: { config: {}, origin: '/a.yaml', directory: '/' } },
  { kind: 'prepare', loaded: { config: {}, origin: '/a.yaml', directory: '/' } },
  { kind: 'prepare', id: 1 },
])('a worker hears nothing in %j', (message) => {
  expect(parseToWorker(message)).toBeUndefined();
});

test.each([
  { kind: 'hello' },
  { kind: 'listening', url: 'http://127.0.0.1:1' },
  { kind: 'failed', failure: { message: 'no' } },
  { kind: 'done', id: 1, value: [1] },
  { kind: 'refused', id: 2, failure: { message: 'no', invalid: { origin: 'a', problems: ['b'] } } },
])('a primary reads $kind', (message) => {
  expect(parseFromWorker(sent(message))).toEqual(message);
});

test.each([
  null,
  17,
  { act: 'listening' },
  { kind: 'listening' },
  { kind: 'failed' },
  { kind: 'failed', failure: { message: 1 } },
  { kind: 'done' },
  { kind: 'refused', id: 1 },
  { kind: 'refused', failure: { message: 'no' } },
])('a primary hears nothing in %j', (message) => {
  expect(parseFromWorker(message)).toBeUndefined();
});

test('an invalid configuration is one on the other side too, with all its problems', () => {
  const error = new ConfigError('/a.yaml', ['x: no', 'y: no']);
  expect(errorOf(failureOf(error))).toEqual(error);
});

test.each([
  [new UsageError('no', { cause: new Error('because') }), 'no: because'],
  [new Error('no'), 'no'],
  ['no', 'no'],
])('any other failure keeps its words: %s', (thrown, message) => {
  expect(errorOf(failureOf(thrown))).toEqual(new WorkerError(message));
});

test.each([
  { kind: 'report', id: 1, which: 'all' },
  { kind: 'report', id: 2, which: 'totals' },
  { kind: 'explain', id: 3, target: '/v2/', address: '192.0.2.1' },
])('a worker reads the question $kind', (message) => {
  expect(parseToWorker(sent(message))).toEqual(message);
});

test.each([
  { kind: 'explain', id: 3, target: '/v2/' },
  { kind: 'forget', id: 4 },
  { kind: 'report' },
])('a worker does not hear the question %j', (message) => {
  expect(parseToWorker(message)).toBeUndefined();
});
