// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RegistryDocument } from '../../src/config/registry.ts';
import { aboutImage } from '../support/conformance/content-kinds.ts';
import { pushSet } from '../support/conformance/push-set.ts';
import { wireTo } from '../support/conformance/wire.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { conformanceProgram, runConformance } from './conformance-program.ts';
import { startFront } from './front.ts';
import { bucketStorage, startReplica } from './s3-registry.ts';
import { startVersityGateway } from './s3-servers.ts';

const program = await conformanceProgram();

// DATA_SPARSE is not among them: besides an index that lacks a platform it pushes an image that lacks a layer,
// which is refused whatever the configuration says.
const STABLE = { VERSION: '1.1' };
const NEXT = {
  VERSION: 'dev',
  API_BLOBS_UPLOAD_CANCEL: 'true',
  API_BLOBS_DIGEST_HEADER: 'true',
  API_MANIFESTS_DIGEST_HEADER: 'true',
  API_MANIFESTS_TAG_PARAM: 'true',
};
/** Whoever takes no pushes is asked for no deletes either. */
const READ_ONLY = {
  API_PUSH: 'false',
  API_TAGS_DELETE: 'false',
  API_MANIFESTS_DELETE: 'false',
  API_BLOBS_DELETE: 'false',
};

type Storage = RegistryDocument['storage'];
const STORES: ReadonlyArray<readonly [string, (folder: string) => Promise<Storage>]> = [
  [
    'a folder',
    async (folder) => {
      await mkdir(join(folder, 'store'));
      return { kind: 'filesystem', directory: 'store' };
    },
  ],
  ['a bucket', async (folder) => bucketStorage(await startVersityGateway(folder), folder)],
];

// The module may be out of reach: a line in the log says so, and the rest goes on.
const programs = program === undefined ? describe.skip : describe;

programs.each(STORES)('the conformance program of the specification, over %s', (name, storage) => {
  let folder: string;
  let registry: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archeion-conformance-'));
    const replica = await startReplica(folder, { storage: await storage(folder) });
    registry = replica.host;
  });
  afterAll(async () => {
    await stopAllProcesses();
    await rm(folder, { recursive: true });
  });

  const run = (what: string, host: string, settings: Readonly<Record<string, string>>) =>
    runConformance({
      program: program ?? '',
      name: `${what}, over ${name}`,
      folder,
      registry: host,
      settings,
    });

  test.each([
    ['1.1', STABLE],
    ['the version to come', NEXT],
  ])('finds nothing to complain about by %s', async (version, settings) => {
    const verdicts = await run(`the registry, ${version}`, registry, settings);
    expect(verdicts).toMatchObject({ Skip: 0, FAIL: 0, Error: 0 });
    expect(verdicts.Pass).toBeGreaterThan(100);
  });

  test('finds nothing to complain about in the front, which is only read', async () => {
    const [wire, repository] = [wireTo(`http://${registry}`), 'conformance/read-only'];
    const set = aboutImage();
    await pushSet({ wire, repository }, set);
    const front = await startFront(join(folder, 'front'), {
      upstreams: [{ name: 'main', url: `http://${registry}` }],
      routing: [{ blobs: ['upstream'] }],
    });
    const verdicts = await run('the front, read-only', front.host, {
      ...STABLE,
      ...READ_ONLY,
      REPO1: repository,
      RO_DATA_TAGS: [...set.tags.keys()].join(' '),
      RO_DATA_MANIFESTS: set.manifests.map(({ digest }) => digest).join(' '),
      RO_DATA_BLOBS: [...set.blobs.keys()].join(' '),
      RO_DATA_REFERRERS: [...set.referrers.keys()].join(' '),
    });
    expect(verdicts).toMatchObject({ Skip: 0, FAIL: 0, Error: 0 });
    expect(verdicts.Pass).toBeGreaterThan(20);
  });
});
