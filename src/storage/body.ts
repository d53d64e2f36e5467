// SPDX-License-Identifier: Apache-2.0
import type { Body } from './driver.ts';
import { StorageError } from './storage-error.ts';

export interface BodyLimits {
  /** Bytes. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a body, held to the size that was announced and to the signal. What the body itself throws
 * passes through as it is: that is the caller's failure, not the store's.
 *
 * @throws StorageError `wrong-size`, `aborted`
 */
export async function* bytesOf(
  key: string,
  body: Body,
  { size, signal }: BodyLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  for await (const chunk of chunksOf(body)) {
    throwIfAborted(key, signal);
    received += chunk.byteLength;
    if (size !== undefined && received > size) throw wrongSize(key, size, 'more');
    yield chunk;
  }
  throwIfAborted(key, signal);
  if (size !== undefined && received < size) throw wrongSize(key, size, String(received));
}

/** Copied on arrival: whoever sends a chunk may use its memory again. */
export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

export function throwIfAborted(key: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new StorageError('aborted', key, 'aborted', signal.reason);
}

export function unknownUpload(key: string): StorageError {
  return new StorageError(
    'unknown-upload',
    key,
    'there is no such upload, or not with these parts',
  );
}

function chunksOf(body: Body): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof body === 'string') return [Buffer.from(body)];
  return body instanceof Uint8Array ? [body] : body;
}

function wrongSize(key: string, size: number, found: string): StorageError {
  return new StorageError('wrong-size', key, `expected ${size} bytes, found ${found}`);
}
