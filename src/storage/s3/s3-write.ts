// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isObject } from '../../core/oci/json-object.ts';
import { bytesOf } from '../body.ts';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { inParts, type PartOfBody } from '../in-parts.ts';
import { startMultipart } from './s3-multipart.ts';
import { partSizeOf } from './s3-parts.ts';
import { conditionOf, infoOf, type S3Object, type S3Store, statObject } from './s3-store.ts';
import { landed } from './s3-write-once.ts';

/**
 * Writes a body of any length. What fits into one part is sent in one request; of more, one part is on its way
 * while the next one is read.
 */
export async function writeObject(
  store: S3Store,
  object: S3Object,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  const { size, condition } = options;
  const parts = inParts(bytesOf(object.key, body, options), partSizeOf(size));
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
  return putParts(store, object, { first, rest: parts }, options);
}

export async function putObject(
  store: S3Store,
  object: S3Object,
  bytes: Uint8Array,
  { condition, contentType, cacheControl, sha256, signal }: WriteOptions,
): Promise<ObjectInfo | 'conflict'> {
  const { client, bucket } = store;
  const { key, name } = object;
  const nonce = randomUUID();
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: name,
    Body: bytes,
    ContentLength: bytes.byteLength,
    Metadata: { nonce },
    ...(contentType !== undefined && { ContentType: contentType }),
    ...(cacheControl !== undefined && { CacheControl: cacheControl }),
    ...conditionOf(condition),
  });
  if (sha256 !== undefined) signWith(command, sha256);
  const sent = client.send(command, signal === undefined ? {} : { abortSignal: signal });
  const work = sent.then((answer) => infoOf(key, { ETag: answer.ETag, Size: bytes.byteLength }));
  return landed({ store, object, nonce, condition }, work);
}

/** What is signed holds a hash of the body, which takes as long to work out as everything else about a request. */
function signWith({ middlewareStack }: PutObjectCommand, sha256: string): void {
  middlewareStack.add(
    (next) => (args) => {
      if (hasHeaders(args.request)) args.request.headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build' },
  );
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return isObject(request) && isObject(request['headers']);
}

interface Parts {
  readonly first: PartOfBody;
  readonly rest: AsyncIterable<PartOfBody>;
}

async function putParts(
  store: S3Store,
  object: S3Object,
  { first, rest }: Parts,
  options: WriteOptions,
): Promise<ObjectInfo | 'conflict'> {
  const { condition, signal } = options;
  const upload = await startMultipart(store, object, options);
  let place = 0;
  const send = (bytes: Uint8Array): Promise<void> => {
    const sent = upload.put(place++, bytes, signal);
    sent.catch(() => undefined); // heard when its turn comes
    return sent;
  };
  let sending = send(first.bytes);
  try {
    for await (const { bytes } of rest) {
      await sending;
      sending = send(bytes);
    }
    await sending;
    const info = await upload.complete(condition);
    if (info === 'conflict') await upload.abort();
    return info;
  } catch (error) {
    await Promise.allSettled([sending]);
    await upload.abort();
    throw error;
  }
}
