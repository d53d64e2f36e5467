// SPDX-License-Identifier: Apache-2.0
import type { Digest, DigestAlgorithm } from '../../core/oci/digest.ts';
import type { HeaderList, HttpAnswer } from '../../protocol/http.ts';
import { auditDone } from '../audit/audit-done.ts';
import type { Visit } from '../registry-ports.ts';
import { putBlob } from '../store/blob-store.ts';
import { claim, isBlobKept } from '../store/keep.ts';
import { badRequest, uploadUnknown } from '../store/refusals.ts';
import { digestParameter } from './digest-parameter.ts';
import { mountBlob } from './mount-blob.ts';
import { blobCreated, uploadAccepted } from './push-answers.ts';
import { limitedBody, statedLength } from './push-body.ts';
import { startSession } from './upload-session.ts';

/**
 * Begins an upload, unless it can be done at once: by a mount, or when the digest comes with the bytes.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs
 */
export async function startUpload(visit: Visit): Promise<HttpAnswer> {
  const { repository, query } = visit;
  const mounted = await mountBlob(visit);
  if (mounted !== undefined) {
    await auditDone(visit, { operation: 'mount', digest: mounted });
    return blobCreated(repository, mounted);
  }
  const digest = digestParameter(query, 'digest');
  if (digest !== undefined) {
    await storeBody(visit, digest);
    await auditDone(visit, { operation: 'blob-push', digest });
    return blobCreated(repository, digest);
  }
  const accepted = uploadAccepted(await startSession(visit, requestedAlgorithm(visit)));
  return { ...accepted, headers: [...accepted.headers, ...leastChunk(visit)] };
}

/**
 * Bytes whose digest is known before they come go straight to their place.
 *
 * @param length how many they are, when that is known from elsewhere than the request's Content-Length
 */
export async function storeBody(visit: Visit, digest: Digest, length?: number): Promise<void> {
  const { registry, request, storage, repository } = visit;
  const limit = { largest: registry.settings.largestBlob, what: 'a blob' };
  const size = length ?? statedLength(request);
  const place = { storage, repository, digest };
  const claimed = await claim(registry.condemned, [digest]);
  await putBlob(place, limitedBody(request, limit), {
    signal: request.signal,
    ...(size !== undefined && { size }),
  });
  // The bytes that were there when it began are gone, and the body is over: it has to be sent again.
  if (!(await isBlobKept(place, claimed))) throw uploadUnknown();
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks */
function leastChunk({ storage }: Visit): HeaderList {
  const { leastPart } = storage;
  return leastPart === undefined ? [] : ['OCI-Chunk-Min-Length', String(leastPart)];
}

/** Clients may say early which digest they will come with, so that it need not be read back for it. */
function requestedAlgorithm({ query }: Visit): DigestAlgorithm {
  const [name = 'sha256', ...others] = query.get('digest-algorithm') ?? [];
  if ((name === 'sha256' || name === 'sha512') && others.length === 0) return name;
  throw badRequest('unknown digest-algorithm: expected sha256 or sha512');
}
