// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';

export type StreamEnd =
  | { readonly kind: 'complete' | 'client-gone'; readonly bytes: number }
  /** The body failed, or had another length than its answer stated. The sink was not ended. */
  | { readonly kind: 'broken'; readonly bytes: number; readonly error: unknown };

/**
 * Sends a body at the client's pace: one chunk is held beyond what the sink buffers. Whatever happens the
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
      if (!sink.write(chunk)) await isWritable(sink);
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

function isWritable(sink: Writable): Promise<void> {
  if (sink.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done);
      resolve();
    };
    sink.on('drain', done).on('close', done);
  });
}

function lengthError(stated: number, found: string): RangeError {
  return new RangeError(`the answer states ${stated} bytes and has ${found}`);
}
