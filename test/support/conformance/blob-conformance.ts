// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/registry/store/verify-body.ts';
import { type BlobPush, DISORDERLY_WAYS, PUSH_WAYS, type PushWay, postAlone } from './push-ways.ts';
import { digestHeaderOf, locationOf, type Wire } from './wire.ts';

export const ALGORITHMS = ['sha256', 'sha512'] as const;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
export function blobConformance(start: () => Promise<Wire>): void {
  describe.each(ALGORITHMS)('a blob by %s', (algorithm) => {
    const some = async (bytes: Uint8Array = randomBytes(3067)): Promise<BlobPush> => {
      const digest = digestOf(bytes, algorithm);
      return { wire: await start(), repository: 'conformance/one', digest, bytes };
    };

    test('is not there before it is pushed', async () => {
      const { wire, repository, digest } = await some();
      const answer = await wire.send('GET', `${repository}/blobs/${digest}`);
      expect([answer.status, answer.code]).toEqual([404, 'NAME_UNKNOWN']);
    });

    test.each([...PUSH_WAYS, ...DISORDERLY_WAYS])('is pushed by %s', async (_, way) => {
      await expectPushed(await some(), way);
    });

    test.each(PUSH_WAYS)('may be empty: %s', async (_, way) => {
      await expectPushed(await some(new Uint8Array()), way);
    });

    test.each(PUSH_WAYS)('may be two bytes of JSON: %s', async (_, way) => {
      await expectPushed(await some(Buffer.from('{}')), way);
    });

    test.each(PUSH_WAYS)('is refused when it is not what its digest says: %s', async (_, way) => {
      const push = await some();
      const answer = await way({ ...push, bytes: Buffer.concat([push.bytes, Buffer.from('oh')]) });
      expect([answer.status, answer.code]).toEqual([400, 'DIGEST_INVALID']);
      const path = `${push.repository}/blobs/${push.digest}`;
      expect((await push.wire.send('HEAD', path)).status).toBe(404);
    });

    test('is deleted, and gone at once', async () => {
      const push = await some();
      await postAlone(push);
      const path = `${push.repository}/blobs/${push.digest}`;
      const deletions = [
        await push.wire.send('DELETE', path),
        await push.wire.send('DELETE', path),
      ];
      expect(deletions.map(({ status }) => status)).toEqual([202, 404]);
      expect((await push.wire.send('HEAD', path)).status).toBe(404);
    });

    test.each([
      ['bytes=500-1499', 500, 1500],
      ['bytes=500-', 500, 3067],
      ['bytes=-500', 2567, 3067],
      ['bytes=3000-5000', 3000, 3067],
    ])('is pulled in part: %s', async (range, first, end) => {
      const push = await some();
      await postAlone(push);
      const path = `${push.repository}/blobs/${push.digest}`;
      const part = await push.wire.send('GET', path, { headers: { range } });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/3067`);
      expect(part.headers.get('content-length')).toBe(String(end - first));
      expect(part.bytes.equals(push.bytes.subarray(first, end))).toBe(true);
    });

    test.each(['bytes=500-0', 'bytes=5000-10000'])('has no part %s', async (range) => {
      const push = await some();
      await postAlone(push);
      const path = `${push.repository}/blobs/${push.digest}`;
      expect((await push.wire.send('GET', path, { headers: { range } })).status).toBe(416);
    });
  });
}

export async function expectPushed(push: BlobPush, way: PushWay): Promise<void> {
  const { wire, repository, digest, bytes } = push;
  const answer = await way(push);
  expect(answer.status).toBe(201);
  expect(digestHeaderOf(answer)).toBe(digest);
  const found = await wire.send('GET', locationOf(answer));
  expect(found.status).toBe(200);
  expect(found.bytes.equals(bytes)).toBe(true);
  for (const method of ['HEAD', 'GET']) {
    const pulled = await wire.send(method, `${repository}/blobs/${digest}`);
    expect(pulled.status).toBe(200);
    expect(pulled.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(digestHeaderOf(pulled)).toBe(digest);
  }
}
