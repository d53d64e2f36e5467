// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { DigestAlgorithm } from '../../../src/core/oci/digest.ts';
import { digestOf } from '../../../src/registry/store/verify-body.ts';
import { ALGORITHMS, expectPushed } from './blob-conformance.ts';
import { type BlobPush, postAlone, postAndPut, startUpload } from './push-ways.ts';
import { digestHeaderOf, locationOf, type Wire } from './wire.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks */
export function uploadConformance(start: () => Promise<Wire>): void {
  const some = async (
    repository = 'conformance/one',
    algorithm: DigestAlgorithm = 'sha256',
  ): Promise<BlobPush> => {
    const bytes = randomBytes(512);
    return { wire: await start(), repository, digest: digestOf(bytes, algorithm), bytes };
  };

  test('an upload is cancelled, and its place is gone', async () => {
    const push = await some();
    const location = await startUpload(push);
    await push.wire.send('PATCH', location, { body: push.bytes });
    expect((await push.wire.send('DELETE', location)).status).toBe(204);
    const after = await push.wire.send('GET', location);
    expect([after.status, after.code]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    const path = `${push.repository}/blobs/${push.digest}`;
    expect((await push.wire.send('HEAD', path)).status).toBe(404);
  });

  test('an upload says how much of it is there', async () => {
    const { wire, ...push } = await some();
    const location = await startUpload({ wire, ...push });
    const patched = await wire.send('PATCH', location, { body: push.bytes });
    const status = await wire.send('GET', locationOf(patched));
    expect(status.status).toBe(204);
    expect(status.headers.get('range')).toBe('0-511');
    expect(locationOf(status)).toBe(locationOf(patched));
  });

  test.each(ALGORITHMS)('an upload is announced for %s', async (algorithm) => {
    const { wire, ...push } = await some();
    const location = await startUpload({ wire, ...push }, `?digest-algorithm=${algorithm}`);
    await wire.send('PATCH', location, { body: push.bytes });
    const digest = digestOf(push.bytes, algorithm);
    const answer = await wire.send('PUT', `${location}?digest=${digest}`);
    expect([answer.status, digestHeaderOf(answer)]).toEqual([201, digest]);
  });

  test('an upload that ends without a digest goes on', async () => {
    const { wire, ...push } = await some();
    const location = await startUpload({ wire, ...push });
    await wire.send('PATCH', location, { body: push.bytes });
    expect((await wire.send('PUT', location)).status).toBe(400);
    const answer = await wire.send('PUT', `${location}?digest=${push.digest}`);
    expect(answer.status).toBe(201);
  });

  test.each([
    ['where it is said to be', '&from=conformance/one', 'sha256'],
    ['where it is said to be', '&from=conformance/one', 'sha512'],
    ['from anywhere', '', 'sha256'],
    ['from anywhere', '', 'sha512'],
  ] as const)('a blob is mounted %s (%s), by %s', async (_, from, algorithm) => {
    const push = await some('conformance/one', algorithm);
    await postAlone(push);
    const mount = `conformance/two/blobs/uploads/?mount=${push.digest}${from}`;
    await expectPushed({ ...push, repository: 'conformance/two' }, ({ wire }) =>
      wire.send('POST', mount),
    );
  });

  test.each(ALGORITHMS)('a mount of what is not there becomes an upload: %s', async (algorithm) => {
    const push = await some('conformance/two', algorithm);
    const query = `?mount=${push.digest}&from=conformance/one`;
    const location = await startUpload(push, query);
    const path = `${location}?digest=${push.digest}`;
    await expectPushed(push, ({ wire, bytes }) => wire.send('PUT', path, { body: bytes }));
  });

  test('bytes that come with a request that needs none change nothing', async () => {
    const push = await some();
    await postAlone(push);
    const { wire, digest, bytes } = push;
    const mount = `conformance/two/blobs/uploads/?mount=${digest}&from=conformance/one`;
    expect((await wire.send('POST', mount, { body: bytes })).status).toBe(201);
    const gone = await wire.send('DELETE', `conformance/two/blobs/${digest}`, { body: bytes });
    expect(gone.status).toBe(202);
    const location = await startUpload(push);
    expect((await wire.send('DELETE', location, { body: bytes })).status).toBe(204);
    expect((await postAndPut(push)).status).toBe(201);
  });
}
