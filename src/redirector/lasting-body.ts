// SPDX-License-Identifier: Apache-2.0

export interface LastingBody extends AsyncIterable<Uint8Array> {
  /** Gives up what is left of it. */
  close(): Promise<void>;
}

/** What is told of a body. */
export interface BodyWatch {
  readonly over: () => void;
  /** For each piece that somebody took. */
  readonly passed: () => void;
}

/**
 * A body that says when it is over: read to its end, failed, left half way, or never begun, which a
 * generator would not notice. What feeds it is then given back.
 */
export function lastingBody(
  body: AsyncIterable<Uint8Array>,
  { over, passed }: BodyWatch,
): LastingBody {
  const pieces = body[Symbol.asyncIterator]();
  const close = async () => {
    over();
    await pieces.return?.();
  };
  return {
    close,
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const piece = await pieces.next();
          if (piece.done === true) over();
          else passed();
          return piece;
        } catch (error) {
          over();
          throw error;
        }
      },
      async return() {
        await close();
        return { done: true, value: undefined };
      },
    }),
  };
}

/**
 * Reads the first piece ahead, so that a failure before it is known while there is still something else to try.
 * Rejects with that failure.
 */
export async function begun(body: LastingBody): Promise<LastingBody> {
  const pieces = body[Symbol.asyncIterator]();
  let first: IteratorResult<Uint8Array> | undefined = await pieces.next();
  return {
    close: body.close,
    [Symbol.asyncIterator]: () => ({
      async next() {
        const piece = first ?? (await pieces.next());
        first = undefined;
        return piece;
      },
      async return() {
        await body.close();
        return { done: true, value: undefined };
      },
    }),
  };
}
