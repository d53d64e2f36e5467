// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isObject } from '../../core/oci/json-object.ts';
import type { Body, ObjectInfo, WriteOptions } from '../driver.ts';
import { type BodyInParts, sendInOrder, writeBody } from '../write-body.ts';
import { startMultipart } from './s3-multipart.ts';
import { partSizeOf } from './s3-parts.ts';
import { conditionOf, infoOf, type S3Object, type S3Store, statObject } from './s3-store.ts';
import { landed } from './s3-write-once.ts';

/** Writes a body of any length. */
export async function writeObject(
  store: S3Store,
  object: S3Object,
  body: Body,
  options: WriteOptions = {},
): Promise<ObjectInfo | 'conflict'> {
  return writeBody(body, options, {
    key: object.key,
    sizeOf: partSizeOf(options.size),
    putWhole: (bytes) => putObject(store, object, bytes, options),
    putParts: (parts) => putParts(store, object, parts, options),
    stat: () => statObject(store, object),
  });
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

async function putParts(
  store: S3Store,
  object: S3Object,
  parts: BodyInParts,
  options: WriteOptions,
): Promise<ObjectInfo | 'conflict'> {
  const upload = await startMultipart(store, object, options);
  let place = 0;
  try {
    await sendInOrder(parts, ({ bytes }) => upload.put(place++, bytes, options.signal));
    const info = await upload.complete(options.condition);
    if (info === 'conflict') await upload.abort();
    return info;
  } catch (error) {
    await upload.abort();
    throw error;
  }
}
