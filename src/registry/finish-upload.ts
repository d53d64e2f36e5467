// SPDX-License-Identifier: Apache-2.0
import type { UploadId } from '../core/oci/upload-id.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import { requireDigest } from './digest-parameter.ts';
import { blobCreated } from './push-answers.ts';
import type { Visit } from './registry-ports.ts';
import { storeBody } from './start-upload.ts';
import { endSession, requireSession } from './upload-session.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put */
export async function finishUpload(visit: Visit, id: UploadId | undefined): Promise<HttpAnswer> {
  const { registry, repository, query } = visit;
  const digest = requireDigest(query);
  const session = await requireSession(visit, id);
  await storeBody(visit, digest);
  await endSession(registry, session);
  return blobCreated(repository, digest);
}
