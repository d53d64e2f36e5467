// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { locationOf, type Wire, type WireAnswer } from './wire.ts';

/** A blob to be pushed; the digest may be wrong. */
export interface BlobPush {
  readonly wire: Wire;
  readonly repository: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** What is answered to the request that ends the push. */
export type PushWay = (push: BlobPush) => Promise<WireAnswer>;

const BYTES = { 'content-type': 'application/octet-stream' };

export async function startUpload({ wire, repository }: BlobPush, query = ''): Promise<string> {
  const answer = await wire.send('POST', `${repository}/blobs/uploads/${query}`);
  expect(answer.status).toBe(202);
  return locationOf(answer);
}

export const postAlone: PushWay = ({ wire, repository, digest, bytes }) =>
  wire.send('POST', `${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`, {
    body: bytes,
    headers: BYTES,
  });

export const postAndPut: PushWay = async (push) => {
  const location = await startUpload(push);
  return push.wire.send('PUT', closing(location, push), { body: push.bytes, headers: BYTES });
};

/** A body without a Content-Length, as clients in Go send whatever they do not count, be it nothing at all. */
export function unsized(bytes: Uint8Array): ReadableStream {
  return new Blob([Buffer.from(bytes)]).stream();
}

const unsizedPost: PushWay = ({ wire, repository, digest, bytes }) =>
  wire.send('POST', `${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`, {
    body: unsized(bytes),
    headers: BYTES,
  });

const unsizedPut: PushWay = async (push) => {
  const path = closing(await startUpload(push), push);
  return push.wire.send('PUT', path, { body: unsized(push.bytes), headers: BYTES });
};

const streamed: PushWay = async (push) => {
  const body = unsized(push.bytes);
  const location = await startUpload(push);
  const patched = await push.wire.send('PATCH', location, { body, headers: BYTES });
  expect(patched.status).toBe(202);
  return push.wire.send('PUT', closing(locationOf(patched), push), { headers: BYTES });
};

interface ChunkedWay {
  /** Whether the last chunk comes with the request that ends the push. */
  readonly lastInPut: boolean;
  /** Whether each chunk is preceded by one that belongs elsewhere. */
  readonly outOfOrder: boolean;
}

function chunked({ lastInPut, outOfOrder }: ChunkedWay): PushWay {
  return async (push) => {
    const cuts = cutsOf(push.bytes.byteLength);
    let location = await startUpload(push);
    for (const [index, first] of cuts.entries()) {
      const end = cuts[index + 1] ?? push.bytes.byteLength;
      if (outOfOrder) {
        const wrong = cuts[index + 1] ?? 0;
        location = await refuseChunk(push, { location, first: wrong, received: first, lastInPut });
      }
      if (lastInPut && end === push.bytes.byteLength) {
        return push.wire.send('PUT', closing(location, push), chunk(push, first, end));
      }
      const answer = await push.wire.send('PATCH', location, chunk(push, first, end));
      expect(answer.status).toBe(202);
      expect(answer.headers.get('range')).toBe(`0-${end - 1}`);
      location = locationOf(answer);
    }
    return push.wire.send('PUT', closing(location, push), { headers: BYTES });
  };
}

interface WrongChunk {
  readonly location: string;
  readonly first: number;
  readonly received: number;
  readonly lastInPut: boolean;
}

/** Sends a chunk that belongs elsewhere, then asks where to go on; gives where that is. */
async function refuseChunk(
  push: BlobPush,
  { location, first, received, lastInPut }: WrongChunk,
): Promise<string> {
  const end = cutsOf(push.bytes.byteLength).find((cut) => cut > first) ?? push.bytes.byteLength;
  const isLast = lastInPut && end === push.bytes.byteLength;
  const [method, path] = isLast ? ['PUT', closing(location, push)] : ['PATCH', location];
  const refused = await push.wire.send(method, path, chunk(push, first, end));
  expect(refused.status).toBe(416);
  // With its query too: the specification's own tests ask at the very address they were refused at.
  const status = await push.wire.send('GET', path);
  expect(status.status).toBe(204);
  expect(status.headers.get('range')).toBe(`0-${Math.max(0, received - 1)}`);
  return locationOf(status);
}

function cutsOf(size: number): readonly number[] {
  const step = Math.max(1, Math.ceil(size / 3));
  return size === 0 ? [] : [0, step, step * 2].filter((cut) => cut < size);
}

function chunk({ bytes }: BlobPush, first: number, end: number) {
  const headers = { ...BYTES, 'content-range': `${first}-${end - 1}` };
  return { body: bytes.subarray(first, end), headers };
}

function closing(location: string, { digest }: BlobPush): string {
  return `${location}?digest=${encodeURIComponent(digest)}`;
}

export const PUSH_WAYS: ReadonlyArray<readonly [string, PushWay]> = [
  ['POST alone', postAlone],
  ['POST and PUT', postAndPut],
  ['POST alone, of a length not told', unsizedPost],
  ['POST and PUT, of a length not told', unsizedPut],
  ['POST, a streamed PATCH, PUT', streamed],
  ['POST, PATCH by chunks, PUT', chunked({ lastInPut: false, outOfOrder: false })],
  ['POST, PATCH by chunks, PUT of the last', chunked({ lastInPut: true, outOfOrder: false })],
];

export const DISORDERLY_WAYS: ReadonlyArray<readonly [string, PushWay]> = [
  ['PATCH, some out of order, PUT', chunked({ lastInPut: false, outOfOrder: true })],
  ['PATCH, some out of order, PUT of the last', chunked({ lastInPut: true, outOfOrder: true })],
];
