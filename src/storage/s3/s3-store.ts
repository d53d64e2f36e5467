// SPDX-License-Identifier: Apache-2.0
import {
  DeleteObjectCommand,
  type DeleteObjectCommandOutput,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BucketKeys } from '../bucket-keys.ts';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { atStore, unlessAbsent } from './s3-errors.ts';

/** The part of a bucket that a driver works on. */
export interface S3Store {
  readonly client: S3Client;
  readonly bucket: string;
  readonly keys: BucketKeys;
}

/** An object by its key, for messages, and the name it has in the bucket. */
export interface S3Object {
  readonly key: string;
  readonly name: string;
}

export function objectOf({ keys }: S3Store, key: string): S3Object {
  return { key, name: keys.nameOf(key) };
}

export interface FoundObject {
  readonly info: ObjectInfo;
  /** What its writer put there to know it again. */
  readonly nonce: string | undefined;
}

export async function statObject(
  { client, bucket }: S3Store,
  { key, name }: S3Object,
): Promise<FoundObject | undefined> {
  const command = new HeadObjectCommand({ Bucket: bucket, Key: name });
  const found = await unlessAbsent(key, client.send(command));
  if (found === undefined) return undefined;
  const { ContentLength, Metadata } = found;
  const info = infoOf(key, { ...found, Size: ContentLength });
  return { info, nonce: Metadata?.['nonce'] };
}

export function deleteObject(
  { client, bucket }: S3Store,
  { key, name }: S3Object,
): Promise<DeleteObjectCommandOutput> {
  return atStore(key, client.send(new DeleteObjectCommand({ Bucket: bucket, Key: name })));
}

export interface ObjectFacts {
  readonly Size?: number | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

/** In whole seconds, as most answers say it, so that all say the same. An answer to a write does not say it. */
export function infoOf(key: string, { Size, ETag, LastModified }: ObjectFacts): ObjectInfo {
  const time = LastModified?.getTime() ?? Date.now();
  return {
    key,
    size: Size ?? 0,
    version: ETag ?? '',
    modifiedAt: Math.floor(time / 1000) * 1000,
  };
}

/** As headers of a request. */
export function conditionOf(condition: WriteCondition | undefined): {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
} {
  if (condition === undefined) return {};
  return 'absent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.version };
}
