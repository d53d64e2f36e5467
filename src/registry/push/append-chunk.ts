// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto';
import { parseChunkRange } from '../../core/oci/content-range.ts';
import { algorithmOf, type Digest } from '../../core/oci/digest.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import type { UploadHandle } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { Visit } from '../registry-ports.ts';
import { uploadDataKey } from '../store/layout.ts';
import { uploadUnknown, wrongDigest } from '../store/refusals.ts';
import { digestFrom } from '../store/verify-body.ts';
import { uploadHeaders } from './push-answers.ts';
import { limitedBody, nonEmpty, statedLength } from './push-body.ts';
import { advanceSession, requireSession, type UploadSession } from './upload-session.ts';

/** What object stores allow an upload to consist of. */
const MOST_CHUNKS = 10_000;

/**
 * Adds the body of a request to what an upload has. Of several at once exactly one counts: the session is
 * what says so, and it changes only if it is still what was read. A body of nothing changes nothing.
 *
 * @param expected what all of it has to be, when this is the last chunk; a wrong one leaves the session as it was
 */
export async function appendChunk(
  visit: Visit,
  session: UploadSession,
  expected?: Digest,
): Promise<UploadSession> {
  const { registry, request } = visit;
  const length = chunkLength(request, session);
  const { received, upload } = session.record;
  const limit = {
    largest: registry.settings.largestBlob - received,
    what: 'the rest of this blob',
  };
  const body = await nonEmpty(limitedBody(request, limit));
  if (body === undefined) {
    if (length !== undefined) throw wrongLength(length, 0);
    return session;
  }
  if (upload !== undefined && upload.parts.length >= MOST_CHUNKS) {
    throw new RegistryError('BLOB_UPLOAD_INVALID', `more than ${MOST_CHUNKS} chunks`);
  }
  const started = upload ?? (await registry.storage.startUpload(uploadDataKey(session.id)));
  try {
    return await append(visit, session, { body, length, expected, upload: started });
  } catch (error) {
    // No session knows of it, so nobody else would.
    if (upload === undefined) await registry.storage.abortUpload(started);
    throw error;
  }
}

interface Chunk {
  readonly body: AsyncIterable<Uint8Array>;
  readonly length: number | undefined;
  readonly expected: Digest | undefined;
  readonly upload: UploadHandle;
}

async function append(visit: Visit, session: UploadSession, chunk: Chunk): Promise<UploadSession> {
  const { registry, storage, request } = visit;
  const { id, record } = session;
  const hash =
    record.received === 0
      ? createHash(record.algorithm)
      : registry.hashes.find(id, record.received);
  const counted = countedBody(chunk.body, hash);
  const upload = await keepPart(() =>
    storage.appendPart(chunk.upload, counted.body, request.signal),
  );
  const size = counted.received();
  if (chunk.length !== undefined && size !== chunk.length) throw wrongLength(chunk.length, size);
  const digest = hash && digestFrom(hash.copy(), record.algorithm);
  requireExpected(digest, chunk.expected);
  const received = record.received + size;
  const next = await advanceSession(registry, session, { received, digest, upload });
  if (next === undefined) throw outOfOrder(await requireSession(visit, id));
  if (hash !== undefined) registry.hashes.keep(id, received, hash);
  return next;
}

/** Somebody may have finished or cancelled the upload meanwhile. */
async function keepPart(append: () => Promise<UploadHandle>): Promise<UploadHandle> {
  try {
    return await append();
  } catch (error) {
    if (error instanceof StorageError && error.code === 'unknown-upload') throw uploadUnknown();
    throw error;
  }
}

/** A digest of another algorithm is compared when the upload is finished. */
function requireExpected(digest: Digest | undefined, expected: Digest | undefined): void {
  if (digest === undefined || expected === undefined || digest === expected) return;
  if (algorithmOf(digest) === algorithmOf(expected)) throw wrongDigest(expected);
}

/**
 * How many bytes the request says it brings, which have to begin where the upload ends; undefined when it
 * does not say.
 *
 * @throws RegistryError with status 416 and where to go on, `SIZE_INVALID`
 */
export function chunkLength(request: HttpRequest, session: UploadSession): number | undefined {
  const text = request.header('content-range');
  if (text === undefined) return undefined;
  const range = parseChunkRange(text);
  if (range === undefined || range.first !== session.record.received) throw outOfOrder(session);
  const length = range.last - range.first + 1;
  const stated = statedLength(request);
  if (stated !== undefined && stated !== length) throw wrongLength(length, stated);
  return length;
}

function outOfOrder(session: UploadSession): RegistryError {
  const message = `the next chunk begins at ${session.record.received}`;
  const headers = uploadHeaders(session);
  return new RegistryError('BLOB_UPLOAD_INVALID', message, { status: 416, headers });
}

function wrongLength(expected: number, found: number): RegistryError {
  const message = `the chunk has ${found} bytes, its Content-Range says ${expected}`;
  return new RegistryError('SIZE_INVALID', message);
}

interface CountedBody {
  readonly body: AsyncIterable<Uint8Array>;
  received(): number;
}

function countedBody(body: AsyncIterable<Uint8Array>, hash: Hash | undefined): CountedBody {
  let received = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      received += chunk.byteLength;
      hash?.update(chunk);
      yield chunk;
    }
  };
  return { body: counted(), received: () => received };
}
