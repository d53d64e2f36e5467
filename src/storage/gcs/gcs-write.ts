// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { bytesOf } from '../body.ts';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import { inParts, type PartOfBody } from '../in-parts.ts';
import { resourceOf } from './gcs-resource.ts';
import {
  conditionOf,
  FIELDS,
  foundIn,
  type GcsObject,
  type GcsStore,
  statObject,
  uploadPath,
} from './gcs-store.ts';
import { startSession } from './upload-session.ts';

/** Bytes of a request; of a larger body, one is on its way while the next one is read. */
export const PIECE = 8 * 1024 * 1024;

/** Writes a body of any length. What fits into one request is sent in one. */
export async function writeObject(
  store: GcsStore,
  object: GcsObject,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  const { condition } = options;
  const parts = inParts(bytesOf(object.key, body, options), () => PIECE);
  const first = (await parts.next()).value;
  // Never undefined: a body of nothing is one part of nothing.
  if (first === undefined || first.isLast) {
    return putObject(store, object, first?.bytes ?? new Uint8Array(), options);
  }
  // Much would be sent in vain; what is there was written under the same condition.
  const isInVain = condition !== undefined && 'absent' in condition;
  if (isInVain && (await statObject(store, object)) !== undefined) {
    for await (const _ of parts); // whether it is what it should be is heard all the same
    return 'conflict';
  }
  return putPieces(store, object, { first, rest: parts, options });
}

export async function putObject(
  store: GcsStore,
  object: GcsObject,
  bytes: Uint8Array,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  const { key } = object;
  const { condition, signal } = options;
  const [nonce, boundary] = [randomUUID(), randomUUID()];
  const request = {
    key,
    method: 'POST',
    path: uploadPath(store, { uploadType: 'multipart', fields: FIELDS, ...conditionOf(condition) }),
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: multipart(boundary, resourceOf(object, nonce, options), bytes),
    signal,
  } as const;
  const answer = await store.client.send(request, CONFLICTS);
  if (answer.problem === undefined) return (await foundIn(key, answer)).info;
  const stat = () => statObject(store, object);
  return refusedWrite({ key, nonce, condition, stat }, answer);
}

function multipart(boundary: string, resource: string, bytes: Uint8Array): Uint8Array {
  const described = `--${boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${resource}\r\n`;
  const begun = `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const texts = [described + begun, `\r\n--${boundary}--\r\n`] as const;
  return Buffer.concat([Buffer.from(texts[0]), bytes, Buffer.from(texts[1])]);
}

interface BodyInPieces {
  readonly first: PartOfBody;
  readonly rest: AsyncIterable<PartOfBody>;
  readonly options: WriteOptions;
}

async function putPieces(
  store: GcsStore,
  object: GcsObject,
  { first, rest, options }: BodyInPieces,
): Promise<ObjectInfo | 'conflict'> {
  const session = await startSession(store, object, options);
  if (session === 'conflict') return drained(rest);
  const send = (part: PartOfBody): Promise<ObjectInfo | 'conflict' | undefined> => {
    const sent = session.send(part);
    sent.catch(() => undefined); // heard when its turn comes
    return sent;
  };
  let sending = send(first);
  try {
    for await (const part of rest) {
      if ((await sending) === 'conflict') return drained(rest);
      sending = send(part);
    }
    return (await sending) ?? 'conflict'; // never undefined: the last piece makes the object
  } catch (error) {
    await Promise.allSettled([sending]);
    await session.cancel();
    throw error;
  }
}

/** Whether a body is what it should be is heard though nobody wants it. */
async function drained(rest: AsyncIterable<PartOfBody>): Promise<'conflict'> {
  for await (const _ of rest);
  return 'conflict';
}
