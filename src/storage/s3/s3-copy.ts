// SPDX-License-Identifier: Apache-2.0
import { CopyObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { inTurn } from '../in-turn.ts';
import { unlessAbsent } from './s3-errors.ts';
import { copySource } from './s3-keys.ts';
import { type Multipart, startMultipart } from './s3-multipart.ts';
import { LARGEST_COPY, rangesOf } from './s3-parts.ts';
import { infoOf, type S3Object, type S3Store } from './s3-store.ts';

/** An object of known size. */
export interface SizedObject extends S3Object {
  readonly size: number;
}

/** Within the store. Undefined when there is nothing to copy. */
export async function copyObject(
  store: S3Store,
  from: SizedObject,
  to: S3Object,
): Promise<ObjectInfo | undefined> {
  if (from.size > LARGEST_COPY) return copyInParts(store, from, to);
  const { client, bucket } = store;
  const command = new CopyObjectCommand({
    Bucket: bucket,
    Key: to.name,
    CopySource: copySource(bucket, from.name),
  });
  const copied = await unlessAbsent(from.key, client.send(command));
  return copied && infoOf(to.key, { ...copied.CopyObjectResult, Size: from.size });
}

async function copyInParts(
  store: S3Store,
  from: SizedObject,
  to: S3Object,
): Promise<ObjectInfo | undefined> {
  const ranges = rangesOf(from.size);
  const info = await withMultipart({ store, object: to }, async (upload) => {
    await inTurn(ranges, (range, place) => upload.copy(place, from, range));
  });
  return info === 'conflict' ? undefined : info; // never: there was no condition
}

export interface MultipartTarget {
  readonly store: S3Store;
  readonly object: S3Object;
  readonly condition?: WriteCondition | undefined;
}

/** Makes an object of the parts that some work brings; none of them stays when it fails, or loses. */
export async function withMultipart(
  { store, object, condition }: MultipartTarget,
  work: (upload: Multipart) => Promise<void>,
): Promise<ObjectInfo | 'conflict'> {
  const upload = await startMultipart(store, object);
  try {
    await work(upload);
    const info = await upload.complete(condition);
    if (info === 'conflict') await upload.abort();
    return info;
  } catch (error) {
    await upload.abort();
    throw error;
  }
}
