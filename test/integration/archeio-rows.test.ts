// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultServer, faultServer } from '../support/fault-server.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';

/**
 * What archeio gets wrong, row by row (each number is a row of the list of its behaviours that this
 * project began with), asked of the whole program over a socket, in the mode that stands in for archeio.
 */
const HEX = 'ab'.repeat(32);
const DIGEST = `sha256:${HEX}`;
const UPSTREAM = 'https://us-central1-docker.pkg.dev/v2/k8s-artifacts-prod/images';
const GOOGLE = '198.51.100.7';
const AMAZON = '192.0.2.7';

let folder = '';
let bucket: FaultServer;
let front: RunningFront;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-rows-'));
  bucket = await faultServer((_, response) => response.writeHead(200).end('x'));
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `listen: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
clientAddress: { compatibility: archeio }
pages: { root: https://example.org/images, privacy: https://example.org/privacy }
upstreams:
  - { name: regional, url: https://us-central1-docker.pkg.dev, repositoryPrefix: k8s-artifacts-prod/images }
  - { name: signatures, url: https://signatures.example, repositoryPrefix: k8s-artifacts-prod/images }
canonicalUpstream: signatures
backends: [{ name: default, url: "${bucket.url}" }]
routing: [{ client: { cloud: gcp }, blobs: [upstream] }, { blobs: [default] }]
cloudRanges:
  static:
    - { prefix: 198.51.100.0/24, cloud: gcp, region: us-central1 }
    - { prefix: 192.0.2.0/24, cloud: aws, region: eu-west-1 }
tagsList: redirect
shutdown: { grace: 50ms }
`,
  );
  front = await startFront(['--config', file]);
});
afterAll(async () => {
  await Promise.all([front.stop(), bucket.close()]);
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

/** Not fetch: it would tidy the path up before it asks. */
async function ask(path: string, headers: Record<string, string | string[]> = {}): Promise<Answer> {
  const client = new Client(front.url);
  try {
    const answer = await client.request({ method: 'GET', path, headers });
    return {
      status: answer.statusCode,
      location: answer.headers['location']?.toString(),
      type: answer.headers['content-type']?.toString(),
      text: await answer.body.text(),
    };
  } finally {
    await client.close();
  }
}

const blobAs = (forwardedFor: string | string[]) =>
  ask(`/v2/foo/blobs/${DIGEST}`, { 'x-forwarded-for': forwardedFor });

const fromUpstream = `${UPSTREAM}/foo/blobs/${DIGEST}`;
const fromBucket = () => `${bucket.url}/containers/images/${DIGEST}`;

test('row 1: the query survives, byte for byte', async () => {
  const { location } = await ask('/v2/foo/tags/list?n=10&last=v1&artifactType=a%2Fb');
  expect(location).toBe(`${UPSTREAM}/foo/tags/list?n=10&last=v1&artifactType=a%2Fb`);
});

test.each([
  '/v2/../../other-project/images/foo/manifests/latest',
  '/v2/%2e%2e/%2e%2e/other-project/images/foo/manifests/latest',
  '/v2/foo/../../../x/manifests/latest',
])('row 2: %s does not leave the path of the upstream', async (path) => {
  const { status, text, location } = await ask(path);
  expect({ status, location }).toEqual({ status: 400, location: undefined });
  expect(JSON.parse(text).errors[0].code).toBe('NAME_INVALID');
});

test('row 3: nothing is injected into Location', async () => {
  expect(await ask('/v2/foo/manifests/x%3Fevil=1%23frag')).toMatchObject({ status: 400 });
});

test.each(['/v2evil/foo', '/v2evil/foo/manifests/latest', '/v2/foo/bar'])(
  'row 4: %s is no call of the API',
  async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404, location: undefined });
  },
);

test.each(['/v2/_catalog', '/v2/_catalog/', '/v2/_catalog?n=1', '/v2/%5Fcatalog'])(
  'row 5: %s is refused',
  async (path) => {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(JSON.parse(text).errors[0].code).toBe('UNSUPPORTED');
  },
);

test.each([
  `sha256:${'a'.repeat(64)}%3Fcb=1:a`,
  'sha256:abc',
  `sha256:${'A'.repeat(64)}`,
  `sha512:${HEX}`,
])('row 6: the digest %s is refused, and no backend is asked', async (digest) => {
  const before = bucket.asked.length;
  expect(await ask(`/v2/foo/blobs/${digest}`)).toMatchObject({ status: 400 });
  expect(bucket.asked).toHaveLength(before);
});

describe('row 7: the forwarded address is read as archeio reads it, and never a reason to refuse', () => {
  test.each([
    { name: 'one entry is the client', header: GOOGLE, to: () => fromUpstream },
    { name: 'one entry, elsewhere', header: AMAZON, to: fromBucket },
    {
      name: 'of two, the second from the right',
      header: `${GOOGLE}, 203.0.113.1`,
      to: () => fromUpstream,
    },
    {
      name: 'what the client wrote itself is ignored',
      header: `${GOOGLE}, ${AMAZON}, 203.0.113.1`,
      to: fromBucket,
    },
    { name: 'unreadable is unknown', header: 'nonsense', to: fromBucket },
    { name: 'nothing at all is the peer', header: [], to: fromBucket },
  ])('$name', async ({ header, to }) => {
    expect(await blobAs(header)).toMatchObject({ status: 307, location: to() });
  });
});

test('row 8: several header lines are one list', async () => {
  expect((await blobAs([GOOGLE, '203.0.113.1'])).location).toBe(fromUpstream);
  expect((await blobAs([AMAZON, '203.0.113.1'])).location).toBe(fromBucket());
});

test('row 9: an IPv4-mapped address is the IPv4 address', async () => {
  expect((await blobAs(`::ffff:${GOOGLE}, 203.0.113.1`)).location).toBe(fromUpstream);
  expect((await blobAs('::ffff:c633:6407, 203.0.113.1')).location).toBe(fromUpstream);
});

test.each(['', '.sig', '.att', '.sbom'])(
  'row 10: the tag sha256-<hex>%s goes to the canonical upstream',
  async (suffix) => {
    const { location } = await ask(`/v2/foo/manifests/sha256-${HEX}${suffix}`);
    expect(location?.startsWith('https://signatures.example/v2/')).toBe(true);
  },
);

test.each(['/livez', '/readyz', '/metrics'])(
  'row 11: %s is on the admin listener only',
  async (path) => {
    expect((await fetch(front.adminUrl + path)).status).toBe(200);
    expect((await ask(path)).status).toBe(404);
  },
);

test.each(['/v2/FOO/manifests/x', '/v2/_catalog', '/nothing', '/v2/foo/blobs/sha256:x'])(
  "row 12: the error for %s has the specification's form",
  async (path) => {
    const { type, text } = await ask(path);
    expect(type).toContain('application/json');
    expect(JSON.parse(text)).toMatchObject({ errors: [{ code: expect.any(String) }] });
  },
);

test.each([
  ['/', 'https://example.org/images'],
  ['/privacy', 'https://example.org/privacy'],
])('%s leads to its page', async (path, location) => {
  expect(await ask(path)).toMatchObject({ status: 307, location });
});

test('the API check is 200, with its version', async () => {
  expect(await ask('/v2/')).toMatchObject({ status: 200 });
  expect(await ask('/v2')).toMatchObject({ status: 200 });
});

test("with archeio's variables and no file it starts, and serves what they say", async () => {
  const env = {
    UPSTREAM_REGISTRY_ENDPOINT: 'https://one.example',
    UPSTREAM_REGISTRY_PATH: 'acme',
    PORT: '0',
  };
  const other = await startFront([], env);
  const answer = await fetch(`${other.url}/v2/a/manifests/v1`, { redirect: 'manual' });
  expect(answer.headers.get('location')).toBe('https://one.example/v2/acme/a/manifests/v1');
  await other.stop();
});
