// SPDX-License-Identifier: Apache-2.0
import { bytesOf } from './body.ts';
import type { Body, ObjectInfo, WriteOptions } from './driver.ts';
import { inParts, type PartOfBody } from './in-parts.ts';

type Written = Promise<ObjectInfo | 'conflict'>;

/** A body of several parts: the bytes of one are good until the part after the next one is asked for. */
export interface BodyInParts {
  readonly first: PartOfBody;
  readonly rest: AsyncIterable<PartOfBody>;
}

/** How a store takes one object over the network. */
export interface BodyWriter {
  readonly key: string;
  /** Bytes of a part, by its place from 0. */
  readonly sizeOf: (place: number) => number;
  /** What fits into one part, in one request. */
  readonly putWhole: (bytes: Uint8Array) => Written;
  /** Anything else. */
  readonly putParts: (parts: BodyInParts) => Written;
  /** What is there now; undefined for nothing. */
  readonly stat: () => Promise<unknown>;
}

/** Writes a body of any length: in one request when it fits, else part by part. */
export async function writeBody(body: Body, options: WriteOptions, writer: BodyWriter): Written {
  const { condition } = options;
  const parts = inParts(bytesOf(writer.key, body, options), writer.sizeOf);
  const first = (await parts.next()).value;
  // Never undefined: a body of nothing is one part of nothing.
  if (first === undefined || first.isLast) return writer.putWhole(first?.bytes ?? new Uint8Array());
  // Much would be sent in vain; what is there was written under the same condition.
  const isInVain = condition !== undefined && 'absent' in condition;
  if (isInVain && (await writer.stat()) !== undefined) return drained(parts);
  return writer.putParts({ first, rest: parts });
}

/** Whether a body is what it should be is heard though nobody wants it. */
export async function drained(rest: AsyncIterable<PartOfBody>): Promise<'conflict'> {
  for await (const _ of rest);
  return 'conflict';
}

/** Sends parts in their order, one on its way while the next one is read. Comes back when none is under way any more. */
export async function sendInOrder<T>(
  { first, rest }: BodyInParts,
  put: (part: PartOfBody) => Promise<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  const send = (part: PartOfBody): Promise<T> => {
    const sent = put(part);
    sent.catch(() => undefined); // heard when its turn comes
    return sent;
  };
  let sending = send(first);
  try {
    for await (const part of rest) {
      answers.push(await sending);
      sending = send(part);
    }
  } finally {
    await Promise.allSettled([sending]);
  }
  answers.push(await sending);
  return answers;
}
