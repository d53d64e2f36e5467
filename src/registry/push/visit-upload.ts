// SPDX-License-Identifier: Apache-2.0

import { API_VERSION } from '../../core/oci/content-headers.ts';
import type { UploadId } from '../../core/oci/upload-id.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import type { Visit } from '../registry-ports.ts';
import { appendChunk } from './append-chunk.ts';
import { finishUpload } from './finish-upload.ts';
import { uploadAccepted, uploadHeaders } from './push-answers.ts';
import { endSession, requireSession } from './upload-session.ts';

/** What can be done with an upload that has begun. */
export async function visitUpload(visit: Visit, id: UploadId | undefined): Promise<HttpAnswer> {
  switch (visit.request.method) {
    case 'PATCH':
      return uploadAccepted(await appendChunk(visit, await requireSession(visit, id)));
    case 'PUT':
      return finishUpload(visit, id);
    case 'DELETE':
      await endSession(visit.registry, await requireSession(visit, id));
      return { status: 204, headers: API_VERSION };
    default:
      return { status: 204, headers: uploadHeaders(await requireSession(visit, id)) };
  }
}
