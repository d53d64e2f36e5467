// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import type { PartOfBody } from '../in-parts.ts';
import { type BodyInParts, drained, sendInOrder, writeBody } from '../write-body.ts';
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

/** Writes a body of any length. */
export async function writeObject(
  store: GcsStore,
  object: GcsObject,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  return writeBody(body, options, {
    key: object.key,
    sizeOf: () => PIECE,
    putWhole: (bytes) => putObject(store, object, bytes, options),
    putParts: (parts) => putPieces(store, object, parts, options),
    stat: () => statObject(store, object),
  });
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

async function putPieces(
  store: GcsStore,
  object: GcsObject,
  parts: BodyInParts,
  options: WriteOptions,
): Promise<ObjectInfo | 'conflict'> {
  const session = await startSession(store, object, options);
  if (session === 'conflict') return drained(parts.rest);
  let isLost = false;
  const send = async (part: PartOfBody): Promise<ObjectInfo | 'conflict' | undefined> => {
    if (isLost) return 'conflict'; // the rest is read for what it says of itself, and not sent
    const answer = await session.send(part);
    isLost = answer === 'conflict';
    return answer;
  };
  try {
    const answers = await sendInOrder(parts, send);
    return answers.at(-1) ?? 'conflict'; // never undefined: the last piece makes the object
  } catch (error) {
    await session.cancel();
    throw error;
  }
}
