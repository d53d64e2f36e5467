// SPDX-License-Identifier: Apache-2.0
import type { UploadId } from '../../core/oci/upload-id.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import { auditDone } from '../audit/audit-done.ts';
import type { Visit } from '../registry-ports.ts';
import { appendChunk, chunkLength } from './append-chunk.ts';
import { commitUpload } from './commit-upload.ts';
import { requireDigest } from './digest-parameter.ts';
import { blobCreated } from './push-answers.ts';
import { storeBody } from './start-upload.ts';
import { endSession, requireSession } from './upload-session.ts';

/**
 * Ends an upload with the bytes that are left, which may be all or none.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put
 */
export async function finishUpload(visit: Visit, id: UploadId | undefined): Promise<HttpAnswer> {
  const { registry, repository, request, query } = visit;
  const digest = requireDigest(query);
  const session = await requireSession(visit, id);
  if (session.record.upload === undefined) {
    await storeBody(visit, digest, chunkLength(request, session));
    await endSession(registry, session);
  } else {
    await commitUpload(visit, await appendChunk(visit, session, digest), digest);
  }
  await auditDone(visit, { operation: 'blob-push', digest });
  return blobCreated(repository, digest);
}
