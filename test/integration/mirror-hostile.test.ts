// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseSelection } from '../../src/core/mirroring/selection.ts';
import { OCI_INDEX } from '../../src/core/oci/media-type.ts';
import { mirroredRegistry } from '../../src/mirror/mirror-source.ts';
import { plainFolder } from '../../src/storage/plain-folder.ts';
import { openUpstream } from '../../src/upstream/http-client.ts';
import type { UpstreamOptions } from '../../src/upstream/upstream-client.ts';
import { NO_DIGESTS } from '../support/digest-corpus.ts';
import {
  bearerChallenge,
  type CapturedRequest,
  type FakeAnswer,
  type FakeUpstream,
  json,
  startFakeUpstream,
} from '../support/fake-upstream.ts';
import { type Content, descriptorOf, someIndex, someManifest } from '../support/image-documents.ts';
import { heldIn, type MirrorOutcome, requireTrue, runMirror } from '../support/mirror-bench.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { staticRegistry } from '../support/static-registry.ts';
import { authorizations, BASIC } from '../support/upstream-bench.ts';

const registry = staticRegistry();
const LAYER = `/v2/team/app/blobs/${registry.layer.digest}`;
const TAG = '/v2/team/app/manifests/v1';
const PER_HOST = 4;

interface Hostile {
  readonly upstream: FakeUpstream;
  /** Where the registry leads to. */
  readonly evil: FakeUpstream;
  readonly folder: string;
  /** What the registry answers; undefined is what it should. */
  answer: (request: CapturedRequest) => FakeAnswer | undefined;
  /** What the other one answers. */
  evilAnswer: (request: CapturedRequest) => FakeAnswer | undefined;
  run(options?: Partial<UpstreamOptions>): Promise<MirrorOutcome>;
}

/** A registry that asks for a password, and is not to be trusted with anything else. */
async function hostile(): Promise<Hostile> {
  const evil = await startFakeUpstream((request) => own.evilAnswer(request));
  const upstream = await startFakeUpstream(
    (request) => own.answer(request) ?? registry.answer(request.target),
  );
  onTestFinished(async () => {
    await upstream.stop();
    await evil.stop();
  });
  const folder = join(await temporaryFolder(), 'served');
  const stores = { dublin: plainFolder(folder) };
  const own: Hostile = {
    upstream,
    evil,
    folder,
    answer: () => undefined,
    evilAnswer: () => undefined,
    async run(options) {
      const credentials = async () => ({ username: 'robot', password: 'hunter2' });
      const limits = { backoff: 1, headers: 2_000, idle: 2_000, whole: 20_000 };
      const given = { origin: upstream.url, credentials, perHost: PER_HOST, limits, ...options };
      const client = openUpstream(given);
      const outcome = await runMirror({ source: mirroredRegistry(client), stores });
      await client.close();
      await requireTrue(stores.dublin);
      return outcome;
    },
  };
  return own;
}

/** What `other` holds is there, whatever was done about `team/app`. */
async function requireOther({ folder }: Hostile): Promise<void> {
  const held = await heldIn(plainFolder(folder));
  const { body } = registry.answer('/v2/other/manifests/v1') ?? expect.fail('it is there');
  const { config, layers } = JSON.parse(String(body));
  const digests = [config, ...layers].map(({ digest }) => digest);
  expect(held).toEqual(expect.arrayContaining(digests));
}

function manifestAnswer({ bytes, mediaType }: Content): FakeAnswer {
  return { headers: { 'content-type': mediaType }, body: bytes };
}

const isOfApp = ({ target }: CapturedRequest) => target.startsWith('/v2/team/app/');

describe('credentials', () => {
  test('threat 4: a realm elsewhere gets none, and the rest is mirrored', async () => {
    const own = await hostile();
    own.answer = (request) =>
      isOfApp(request) ? bearerChallenge(`${own.evil.url}/token`) : undefined;
    own.evilAnswer = () => json({ token: 'stolen' });
    const { problems } = await own.run({ allowPrivateHosts: [own.evil.host] });
    expect(problems).toEqual([expect.stringContaining('team/app: refused to ask')]);
    expect(authorizations(own.evil)).toEqual([]);
    await requireOther(own);
  });

  test('threat 4: of a realm that is no address, or has a password in it, nothing is asked', async () => {
    for (const realm of ['', 'file:///etc/passwd', 'http://robot:x@127.0.0.1/']) {
      const own = await hostile();
      own.answer = (request) => (isOfApp(request) ? bearerChallenge(realm) : undefined);
      expect((await own.run()).problems).toHaveLength(1);
      await requireOther(own);
    }
  });

  test('threat 5: a blob that is elsewhere is fetched from there without them, and checked', async () => {
    const own = await hostile();
    const location = `${own.evil.url}/layer`;
    own.answer = ({ target, authorization }) => {
      if (authorization !== BASIC) return challenge;
      return target === LAYER ? { status: 307, headers: { location } } : undefined;
    };
    own.evilAnswer = () => ({ body: registry.layer.bytes });
    const { problems } = await own.run({ allowPrivateHosts: [own.evil.host] });
    expect(problems).toEqual([]);
    expect(authorizations(own.evil)).toEqual([undefined]);
    expect((await heldIn(plainFolder(own.folder))).sort()).toEqual(registry.digests);
  });

  test.each(['http://169.254.169.254/latest/', 'http://[fd00:ec2::254]/', 'http://10.0.0.1/x'])(
    'threat 5: a list of tags, a manifest and a blob at %s are not asked for',
    async (location) => {
      const own = await hostile();
      own.answer = ({ target }) => {
        const isLed = target === LAYER || target === '/v2/other/tags/list?n=1000';
        return isLed ? { status: 307, headers: { location } } : undefined;
      };
      const { problems } = await own.run();
      expect(problems).toHaveLength(2);
      for (const problem of problems) expect(problem).toContain('is no public address');
    },
  );

  test('threat 6: layers to be had from elsewhere are not fetched from there, and counted', async () => {
    const own = await hostile();
    const elsewhere = { ...descriptorOf(registry.layer), urls: [`${own.evil.url}/layer`] };
    const foreign = {
      ...elsewhere,
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    };
    const manifest = someManifest({ layers: [elsewhere, foreign] });
    own.answer = ({ target }) => (target === TAG ? manifestAnswer(manifest) : undefined);
    const { problems, prepared } = await own.run({ allowPrivateHosts: [own.evil.host] });
    expect(problems).toEqual([]);
    expect(prepared.foreign).toBe(2);
    expect(own.evil.requests).toEqual([]);
    expect(own.upstream.requests.map(({ target }) => target)).not.toContain(LAYER);
    await requireOther(own);
  });
});

const challenge = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };

describe('names', () => {
  test.each(NO_DIGESTS)(
    'threat 16: %s in the place of a digest leads nowhere, and the rest is mirrored',
    async (_, digest) => {
      const own = await hostile();
      const entry = { ...descriptorOf(registry.layer), digest };
      const manifest = someManifest({ layers: [entry] });
      const referrers = someIndex([{ ...entry, mediaType: OCI_INDEX }]);
      own.answer = ({ target }) => {
        if (target === TAG) return manifestAnswer(manifest);
        return target.includes('/other/referrers/') ? manifestAnswer(referrers) : undefined;
      };
      const { problems } = await own.run();
      expect(problems).toEqual([
        expect.stringMatching(/^team\/app:v1: .* is malformed: /),
        expect.stringMatching(/^other@sha256:.* malformed index: /),
      ]);
      await requireOther(own);
      await requireInside(own);
    },
  );

  test('threat 16: names of repositories and tags that are paths are not asked for', async () => {
    const own = await hostile();
    own.answer = ({ target }) => {
      if (target.startsWith('/v2/_catalog')) {
        return json({
          repositories: ['../../etc', '/etc', 'team/../x', 'team/app/../../x', 'other'],
        });
      }
      return target.startsWith('/v2/other/tags/')
        ? json({ name: 'other', tags: ['../x', '.', '..', 'a/b', 'v1', '%2e%2e'] })
        : undefined;
    };
    const client = openUpstream({ origin: own.upstream.url });
    onTestFinished(client.close);
    const stores = { dublin: plainFolder(own.folder) };
    const selections = [parseSelection('**') ?? expect.fail('it is one')];
    const source = mirroredRegistry(client);
    const { problems } = await runMirror({ source, stores, options: { selections } });
    expect(problems).toEqual([]);
    const asked = own.upstream.requests.map(({ target }) => target);
    expect(asked.filter((target) => !/^\/v2\/(?:_catalog|other\/)/.test(target))).toEqual([]);
    expect(asked.filter((target) => /\.\.|%/.test(target))).toEqual([]);
    await requireOther(own);
    await requireInside(own);
  });
});

/** Nothing is beside the folder, and in it nothing but what belongs there. */
async function requireInside({ folder }: Hostile): Promise<void> {
  expect(await readdir(dirname(folder))).toEqual(['served']);
  expect((await readdir(folder)).sort()).toEqual(['.tmp', 'archeion', 'containers']);
}

const MIB = 1024 * 1024;

/** What the process grows by meanwhile, the hostile server in it included. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let highest = before;
  const timer = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss());
  }, 20);
  await work().finally(() => clearInterval(timer));
  return (highest - before) / MIB;
}

describe('floods', () => {
  test('threat 22: compressed answers are refused, however many, and hold nobody up', async () => {
    const own = await hostile();
    const bomb = gzipSync(Buffer.alloc(64 * MIB));
    const bombs = Array.from({ length: 4 * PER_HOST }, (_, number) =>
      descriptorOf(someManifest({ annotations: { number: String(number) } })),
    );
    own.answer = ({ target }) => {
      if (target === TAG) return manifestAnswer(someIndex(bombs));
      if (!isOfApp({ target } as CapturedRequest) || !target.includes('/manifests/'))
        return undefined;
      return {
        headers: { 'content-encoding': 'gzip', 'content-type': bombs[0]?.mediaType ?? '' },
        body: bomb,
      };
    };
    const grown = await growth(async () => {
      const { problems } = await own.run();
      expect(problems).toHaveLength(bombs.length);
      for (const problem of problems) expect(problem).toContain('an encoding nobody asked for');
    });
    expect(grown).toBeLessThan(100);
    await requireOther(own);
  });

  test('threat 22: a blob that comes compressed is not what its digest says', async () => {
    const own = await hostile();
    const headers = { 'content-encoding': 'gzip' };
    own.answer = ({ target }) =>
      target === LAYER ? { headers, body: gzipSync(registry.layer.bytes) } : undefined;
    const { problems } = await own.run();
    expect(problems).toEqual([
      expect.stringContaining(`blob ${registry.layer.digest} of team/app`),
    ]);
    await requireOther(own);
  });

  test.each([
    ['says so', { 'content-length': String(10 * 1024 * MIB) }],
    ['does not say so', {}],
  ])('threat 25: a manifest of 10 GiB that %s is not read', async (_, length) => {
    const own = await hostile();
    let sent = 0;
    own.answer = ({ target }) => {
      if (target !== TAG) return undefined;
      const headers = { 'content-type': OCI_INDEX, ...length };
      const write: FakeAnswer['write'] = (response) => {
        const more = (): void => {
          sent += 65_536;
          if (response.destroyed || sent > 10 * 1024 * MIB) return;
          if (response.write(Buffer.alloc(65_536, ' '))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      };
      return { headers, write };
    };
    const grown = await growth(async () => {
      const { problems } = await own.run();
      expect(problems).toEqual([
        expect.stringMatching(/^team\/app:v1: .* more than 4194304 bytes/),
      ]);
    });
    expect(grown).toBeLessThan(100);
    expect(sent).toBeLessThan(64 * MIB);
    await requireOther(own);
  });

  test('threat 25: a manifest nested a hundred thousand times is malformed', async () => {
    const own = await hostile();
    const depth = 100_000;
    const body = `{"schemaVersion":2,"layers":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const headers = { 'content-type': OCI_INDEX };
    own.answer = ({ target }) => (target === TAG ? { headers, body } : undefined);
    const { problems } = await own.run();
    expect(problems).toEqual([expect.stringMatching(/^team\/app:v1: .* malformed/)]);
    await requireOther(own);
  });

  test('threat 25: a million referrers are too many, and what they are about is mirrored all the same', async () => {
    const own = await hostile();
    const entry = descriptorOf(someManifest());
    const page = someIndex(Array.from({ length: 20_000 }, () => entry));
    own.answer = ({ target }) => {
      if (!target.startsWith('/v2/team/app/referrers/')) return undefined;
      const number = Number(/page=(\d+)/.exec(target)?.[1] ?? 0) + 1;
      const link = `<${target.replace(/\?.*/, '')}?page=${number}>; rel="next"`;
      return { headers: { 'content-type': OCI_INDEX, link }, body: page.bytes };
    };
    const grown = await growth(async () => {
      const { problems } = await own.run();
      expect(problems).toHaveLength(3);
      for (const problem of problems) expect(problem).toContain('has too many referrers');
    });
    expect(grown).toBeLessThan(150);
    const pages = own.upstream.requests.filter(({ target }) => target.includes('page='));
    expect(pages).toEqual([]);
    expect((await heldIn(plainFolder(own.folder))).sort()).toEqual(registry.digests);
  });

  test.each([
    ['a circle', () => '?n=1000'],
    ['ever new pages', (number: number) => `?page=${number}`],
  ])('threat 25: a list of tags that goes on in %s is given up', async (_, queryOf) => {
    const own = await hostile();
    let number = 0;
    own.answer = ({ target }) => {
      if (!target.startsWith('/v2/team/app/tags/list')) return undefined;
      number += 1;
      const tags = Array.from({ length: 10_000 }, (_, place) => `t${number}-${place}`);
      const link = `</v2/team/app/tags/list${queryOf(number)}>; rel="next"`;
      return json({ name: 'team/app', tags }, { link });
    };
    const grown = await growth(async () => {
      const { problems } = await own.run();
      expect(problems).toEqual([expect.stringContaining('is too long, or has no end')]);
    });
    expect(grown).toBeLessThan(250);
    await requireOther(own);
  });

  test('threat 25: a blob without end is left when it has more than its manifest says', async () => {
    const own = await hostile();
    let sent = 0;
    own.answer = ({ target }) => {
      if (target !== LAYER) return undefined;
      const write: FakeAnswer['write'] = (response) => {
        const more = (): void => {
          sent += 65_536;
          if (response.destroyed) return;
          if (response.write(Buffer.alloc(65_536, 'x'))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      };
      return { write };
    };
    const { problems } = await own.run();
    expect(problems).toEqual([expect.stringContaining('more than the 300000 bytes')]);
    expect(sent).toBeLessThan(64 * MIB);
    await requireOther(own);
  });
});
