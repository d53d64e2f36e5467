// SPDX-License-Identifier: Apache-2.0
import { API_VERSION } from '../../core/oci/content-headers.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { HeaderList, HttpAnswer } from '../../protocol/http.ts';
import type { UploadSession } from './upload-session.ts';

/** Locations are relative: only whoever stands in front knows under which name clients see us. */
export function uploadHeaders({ id, record }: UploadSession): HeaderList {
  // An empty upload has no last byte; this is what clients expect to read then.
  const last = Math.max(0, record.received - 1);
  return [
    ...API_VERSION,
    'Location',
    `/v2/${record.repository}/blobs/uploads/${id}`,
    'Range',
    `0-${last}`,
    'Docker-Upload-UUID',
    id,
  ];
}

export function uploadAccepted(session: UploadSession): HttpAnswer {
  return { status: 202, headers: uploadHeaders(session) };
}

export function blobCreated(repository: string, digest: Digest): HttpAnswer {
  const location = `/v2/${repository}/blobs/${digest}`;
  return { status: 201, headers: createdHeaders(location, digest) };
}

export function createdHeaders(location: string, digest: Digest): HeaderList {
  return [...API_VERSION, 'Location', location, 'Docker-Content-Digest', digest];
}
