// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';

export type StreamEnd =
  | { readonly kind: 'complete' | 'client-gone'; readonly bytes: number }
  /** The body failed, or had another length than its answer stated. The sink was not ended. */
  | { readonly kind: 'broken'; readonly bytes: number; readonly error: unknown };

/**
 * Sends a body at the client's pace: of large chunks one is on its way at a time. Whatever happens the
 * body is closed, so that what feeds it is released.
 */
export async function streamBody(
  body: AsyncIterable<Uint8Array>,
  sink: Writable,
  stated: number | undefined,
): Promise<StreamEnd> {
  let bytes = 0;
  // Leaving the loop closes the body, but the loop may be waiting for a chunk that takes its time.
  const hurry = () => void (body instanceof Readable && body.destroy());
  sink.once('close', hurry);
  try {
    for await (const chunk of body) {
      if (sink.destroyed) return { kind: 'client-gone', bytes };
      if (stated !== undefined && bytes + chunk.byteLength > stated)
        throw lengthError(stated, 'more');
      bytes += chunk.byteLength;
      if (!(await hasLeft(sink, chunk))) return { kind: 'client-gone', bytes };
    }
    if (stated !== undefined && bytes !== stated) throw lengthError(stated, String(bytes));
  } catch (error) {
    return sink.destroyed ? { kind: 'client-gone', bytes } : { kind: 'broken', bytes, error };
  } finally {
    sink.off('close', hurry);
  }
  if (sink.destroyed) return { kind: 'client-gone', bytes };
  sink.end();
  await once(sink, 'close');
  return { kind: sink.writableFinished ? 'complete' : 'client-gone', bytes };
}

/** Releases what feeds a body that is not sent after all. */
export async function closeBody(body: AsyncIterable<Uint8Array>): Promise<void> {
  if (body instanceof Readable) {
    body.destroy();
    return;
  }
  try {
    await body[Symbol.asyncIterator]().return?.();
  } catch {
    // Nobody waits for this body any more, so nobody needs to learn that closing it failed.
  }
}

/** From here on a chunk is waited for: it may be of memory that is used again. */
const LARGE = 64 * 1024;

/** Waits until a large chunk, or what fills the buffers, has left; false when the client has. */
function hasLeft(sink: Writable, chunk: Uint8Array): Promise<boolean> | true {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const gone = () => resolve(false);
  const isBuffered = sink.write(chunk, (error) => {
    sink.off('close', gone);
    resolve(error === undefined || error === null);
  });
  if (isBuffered && chunk.byteLength < LARGE) return true;
  sink.once('close', gone);
  return promise;
}

function lengthError(stated: number, found: string): RangeError {
  return new RangeError(`the answer states ${stated} bytes and has ${found}`);
}
