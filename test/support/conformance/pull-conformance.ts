// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Digest } from '../../../src/core/oci/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/core/oci/media-type.ts';
import type { Content } from '../image-documents.ts';
import type { ContentSet, ExpectedReferrer } from './content-set.ts';
import { digestHeaderOf, type Wire } from './wire.ts';

/** Content that was pushed. Whoever asks may stand in front of where it is: nothing here changes anything. */
export interface Pulled {
  readonly wire: Wire;
  readonly repository: string;
  readonly set: ContentSet;
  /** Whether blobs come from a bucket, which knows nothing of digests: the header is no duty. */
  readonly fromBucket?: boolean;
}

export const ACCEPT = { accept: `${OCI_INDEX}, ${OCI_MANIFEST}` };

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull */
export async function expectPulled(pulled: Pulled): Promise<void> {
  const { wire, repository, set } = pulled;
  const references = [
    ...set.tags,
    ...set.manifests.map((manifest) => [manifest.digest, manifest] as const),
  ];
  for (const [reference, manifest] of references) {
    await expectManifest(wire, `${repository}/manifests/${reference}`, manifest);
  }
  for (const blob of set.blobs.values()) await expectBlob(pulled, blob);
}

async function expectBlob(
  { wire, repository, fromBucket = false }: Pulled,
  { digest, bytes }: Content,
): Promise<void> {
  for (const [method, body] of both(bytes)) {
    const answer = await wire.send(method, `${repository}/blobs/${digest}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(digestHeaderOf(answer)).toBe(fromBucket ? null : digest);
    expect(answer.bytes.equals(body)).toBe(true);
  }
}

export async function expectManifest(wire: Wire, path: string, manifest: Content): Promise<void> {
  const { bytes, digest, mediaType } = manifest;
  for (const [method, body] of both(bytes)) {
    const answer = await wire.send(method, path, { headers: ACCEPT });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(mediaType);
    expect(answer.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(digestHeaderOf(answer)).toBe(digest);
    expect(answer.bytes.equals(body)).toBe(true);
  }
}

/** What is answered to HEAD and to GET. */
function both(bytes: Uint8Array): ReadonlyArray<readonly [string, Uint8Array]> {
  return [
    ['HEAD', Buffer.alloc(0)],
    ['GET', bytes],
  ];
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
export async function expectListed({ wire, repository, set }: Pulled): Promise<void> {
  const tags = [...set.tags.keys()].sort();
  const list = (query: string) => tagsOf(wire, repository, query);
  expect(await list('')).toEqual(tags);
  expect(await list('?n=0')).toEqual([]);
  for (const [index, last] of tags.entries()) {
    const rest = tags.slice(index + 1);
    expect(await list(`?last=${last}`)).toEqual(rest);
    expect(await list(`?last=${last}&n=1`)).toEqual(rest.slice(0, 1));
  }
}

async function tagsOf(wire: Wire, repository: string, query: string): Promise<readonly string[]> {
  const { status, bytes } = await wire.send('GET', `${repository}/tags/list${query}`);
  expect(status).toBe(200);
  const { name, tags } = JSON.parse(bytes.toString());
  expect(name).toBe(repository);
  return tags;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
export async function expectReferrers({ wire, repository, set }: Pulled): Promise<void> {
  for (const [subject, expected] of set.referrers) {
    const path = `${repository}/referrers/${subject}`;
    expect(await referrersAt(wire, path)).toEqual(byDigest(expected));
    for (const type of new Set(expected.map(({ artifactType }) => artifactType))) {
      const filtered = `${path}?artifactType=${encodeURIComponent(type)}`;
      const wanted = expected.filter(({ artifactType }) => artifactType === type);
      expect(await referrersAt(wire, filtered, 'artifactType')).toEqual(byDigest(wanted));
    }
  }
}

export async function referrersAt(
  wire: Wire,
  path: string,
  filters: string | null = null,
): Promise<readonly ExpectedReferrer[]> {
  const { status, headers, bytes } = await wire.send('GET', path);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe(OCI_INDEX);
  expect(headers.get('oci-filters-applied')).toBe(filters);
  const { schemaVersion, mediaType, manifests } = JSON.parse(bytes.toString());
  expect([schemaVersion, mediaType]).toEqual([2, OCI_INDEX]);
  return byDigest(manifests.map((entry: object) => ({ annotations: {}, ...entry })));
}

function byDigest<T extends { readonly digest: Digest }>(entries: readonly T[]): readonly T[] {
  return entries.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
}
