// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import type { ManifestBytes } from './image-source.ts';
import { refusedPush, scopeOfPush } from './push-answers.ts';
import type { PushAnswer, PushClient } from './push-client.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface ManifestPush {
  readonly manifest: ManifestBytes;
  readonly signal: AbortSignal;
}

/** @param reference a tag, or the digest of the manifest */
export async function pushManifest(
  { push, repository }: { readonly push: PushClient; readonly repository: string },
  reference: string,
  { manifest, signal }: ManifestPush,
): Promise<void> {
  const url = new URL(`${push.origin}/v2/${repository}/manifests/${reference}`);
  const answer = await push.send({
    method: 'PUT',
    url,
    scope: scopeOfPush(repository),
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    signal,
  });
  if (answer.status !== 201) throw refusedPush(answer, url);
  requireSame(answer, manifest.digest, url);
}

/** A registry that stores something else than it was given (or addresses it otherwise) has not got the image. */
function requireSame(answer: PushAnswer, digest: Digest, url: URL): void {
  const said = parseDigest(answer.header('docker-content-digest') ?? '');
  if (said === undefined || said === digest) return;
  const message = `${shownUrl(url)} stored "${digest}" as "${said}"`;
  throw new UpstreamError('wrong-digest', message);
}
