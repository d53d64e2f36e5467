// SPDX-License-Identifier: Apache-2.0
import type { LookupFunction } from 'node:net';
import { expect, test } from 'vitest';
import {
  bearerChallenge,
  type FakeAnswer,
  type FakeUpstream,
  json,
} from '../support/fake-upstream.ts';
import { authorizations, BASIC, upstreamBench } from '../support/upstream-bench.ts';

const PATH = '/v2/a/manifests/latest';
const { start, connect } = upstreamBench();

const leadTo = (location: string): FakeAnswer => ({ status: 307, headers: { location } });

test('threat 5: a redirect to another origin carries no Authorization, nor does the way back', async () => {
  const evil: FakeUpstream = await start(() => leadTo(`${up.url}/v2/secret/manifests/x`));
  const up: FakeUpstream = await start(({ authorization, target }) => {
    if (target.startsWith('/v2/secret')) return { body: 'ok' };
    const challenge = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
    return authorization === BASIC ? leadTo(`${evil.url}/x`) : challenge;
  });
  await connect(up.url, { allowPrivateHosts: [evil.host] }).get(PATH);
  expect(authorizations(evil)).toEqual([undefined]);
  expect(authorizations(up)).toEqual([undefined, BASIC, undefined]);
});

test('threat 5: another origin that asks for credentials gets none', async () => {
  const evil = await start(() => ({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="x"' },
  }));
  const up = await start(() => leadTo(`${evil.url}/x`));
  const client = connect(up.url, { allowPrivateHosts: [evil.host] });
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'unauthorized' });
  expect(authorizations(evil)).toEqual([undefined]);
});

test('threat 5: a redirect within another origin does not make it the origin', async () => {
  const evil: FakeUpstream = await start(({ target }) =>
    target === '/x'
      ? leadTo('/y')
      : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
  );
  const up = await start(() => leadTo(`${evil.url}/x`));
  const client = connect(up.url, { allowPrivateHosts: [evil.host] });
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'unauthorized' });
  expect(authorizations(evil)).toEqual([undefined, undefined]);
});

test('threat 4: a realm of another host gets no credentials, and may not be plain http', async () => {
  const evil = await start(() => json({ token: 'x' }));
  const up = await start(() => bearerChallenge(`${evil.url}/token`));
  const client = connect(up.url, { allowPrivateHosts: [evil.host] });
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
  expect(evil.requests).toEqual([]);
});

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://[::ffff:127.0.0.1]/',
  'http://[fd00:ec2::254]/',
  'http://[::1]/',
  'http://0x7f.1/',
  'http://2130706433/',
  'http://10.0.0.1/',
  'https://169.254.169.254/',
  'http://metadata.example/',
  'https://metadata.example/',
])('threat 5: %s is refused before a connection is opened', async (location) => {
  const up = await start(({ target }) =>
    target.includes('token') ? bearerChallenge(location) : leadTo(location),
  );
  const client = connect(up.url, { ports: { lookup: loopback } });
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
  await expect(client.get('/v2/token/tags/list')).rejects.toMatchObject({
    code: 'forbidden-host',
  });
});

test('threat 5: the port next door is another origin, and private', async () => {
  const next = await start(() => ({ body: 'internal' }));
  const up = await start(() => leadTo(`${next.url}/admin`));
  await expect(connect(up.url).get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
  expect(next.requests).toEqual([]);
});

test('threat 5: a name is looked up once: there is no second answer that nobody checks', async () => {
  const asked: string[] = [];
  const counted: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname);
    loopback(hostname, options, callback);
  };
  const up = await start(() => leadTo('http://rebind.example/'));
  const client = connect(up.url, { ports: { lookup: counted } });
  await expect(client.get(PATH)).rejects.toMatchObject({ code: 'forbidden-host' });
  expect(asked).toEqual(['rebind.example']);
});

/** Every name is loopback. */
const loopback: LookupFunction = (_hostname, options, callback) => {
  const found = { address: '127.0.0.1', family: 4 };
  callback(null, options.all ? [found] : found.address, 4);
};
