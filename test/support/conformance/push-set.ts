// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Content } from '../image-documents.ts';
import type { ContentSet } from './content-set.ts';
import { expectManifest } from './pull-conformance.ts';
import { postAlone, unsized } from './push-ways.ts';
import { digestHeaderOf, locationOf, type Wire, type WireAnswer } from './wire.ts';

export interface Target {
  readonly wire: Wire;
  readonly repository: string;
}

export async function pushBlobs({ wire, repository }: Target, set: ContentSet): Promise<void> {
  for (const { digest, bytes } of set.blobs.values()) {
    const answer = await postAlone({ wire, repository, digest, bytes });
    expect(answer.status).toBe(201);
  }
}

/** @param reference a tag or digest, with a query perhaps; the digest unless it is given */
export function putManifest(
  { wire, repository }: Target,
  { bytes, mediaType, digest }: Content,
  reference: string = digest,
): Promise<WireAnswer> {
  const headers = { 'content-type': mediaType };
  return wire.send('PUT', `${repository}/manifests/${reference}`, { body: bytes, headers });
}

/** As clients in Go do that push a manifest without counting it. */
export function putUnsized(
  { wire, repository }: Target,
  { bytes, mediaType, digest }: Content,
): Promise<WireAnswer> {
  const headers = { 'content-type': mediaType };
  return wire.send('PUT', `${repository}/manifests/${digest}`, { body: unsized(bytes), headers });
}

/** All of it, every manifest by its digest and then those with tags by their tags; each push is looked at. */
export async function pushSet(target: Target, set: ContentSet): Promise<void> {
  await pushBlobs(target, set);
  for (const manifest of set.manifests) {
    await expectStored(target, manifest, await putManifest(target, manifest));
  }
  for (const [tag, manifest] of set.tags) {
    await expectStored(target, manifest, await putManifest(target, manifest, tag));
  }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject */
export async function expectStored(
  { wire }: Target,
  manifest: Content,
  answer: WireAnswer,
): Promise<void> {
  expect(answer.status).toBe(201);
  expect(digestHeaderOf(answer)).toBe(manifest.digest);
  const subject = JSON.parse(Buffer.from(manifest.bytes).toString()).subject?.digest ?? null;
  expect(answer.headers.get('oci-subject')).toBe(subject);
  await expectManifest(wire, locationOf(answer), manifest);
}
