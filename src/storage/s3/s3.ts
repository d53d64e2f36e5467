// SPDX-License-Identifier: Apache-2.0
import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { bucketKeys } from '../bucket-keys.ts';
import type { StorageDriver, WriteCondition } from '../driver.ts';
import { bufferedInParts } from '../in-parts.ts';
import { openS3Client, type S3Options } from './s3-client.ts';
import { copyObject } from './s3-copy.ts';
import { atStore, isAbsence, isConflict, s3ErrorOf } from './s3-errors.ts';
import { listObjects } from './s3-list.ts';
import { LEAST_PART, partSizeOf } from './s3-parts.ts';
import { readObject } from './s3-read.ts';
import { deleteObject, objectOf, type S3Object, type S3Store, statObject } from './s3-store.ts';
import { sweepUploads } from './s3-sweep.ts';
import { s3Uploads } from './s3-uploads.ts';
import { writeObject } from './s3-write.ts';

/**
 * Objects in a bucket of S3, or of a store that speaks its protocol and honours conditions. Versions are ETags,
 * which are hashes of content: whatever is changed on condition of one has to carry something that differs.
 */
export function s3Driver(options: S3Options): StorageDriver {
  const { bucket, prefix, endpoint, publicEndpoint } = options;
  const client = openS3Client(options);
  const signer = publicEndpoint === undefined ? client : openS3Client(options, publicEndpoint);
  const store: S3Store = { client, bucket, keys: bucketKeys(prefix) };
  const where = [bucket, ...(prefix ? [prefix] : [])].join('/');
  return {
    name: `S3 bucket ${where}${endpoint === undefined ? '' : ` at ${endpoint}`}`,
    leastPart: LEAST_PART,
    bufferedOf: (size) => bufferedInParts(size, partSizeOf(size)(0)),
    ...s3Uploads(store),
    sweepUploads: (sweep) => sweepUploads(store, sweep),
    async stat(key) {
      return (await statObject(store, objectOf(store, key)))?.info;
    },
    async read(key, range, signal) {
      return readObject(store, objectOf(store, key), { range, signal });
    },
    async write(key, body, options = {}) {
      return writeObject(store, objectOf(store, key), body, options);
    },
    async remove(key, { condition } = {}) {
      const object = objectOf(store, key);
      if (condition !== undefined) return removeIf(store, object, condition);
      if ((await statObject(store, object)) === undefined) return 'absent';
      await deleteObject(store, object);
      return 'removed';
    },
    list: (below, options = {}) => listObjects(store, below, options),
    async copy(from, to) {
      const [source, target] = [objectOf(store, from), objectOf(store, to)];
      const found = await statObject(store, source);
      return found && copyObject(store, { ...source, size: found.info.size }, target);
    },
    async directUrl(key, { seconds }) {
      const { name } = objectOf(store, key);
      const command = new GetObjectCommand({ Bucket: bucket, Key: name });
      return atStore(key, getSignedUrl(signer, command, { expiresIn: seconds }));
    },
  };
}

async function removeIf(
  store: S3Store,
  object: S3Object,
  condition: WriteCondition,
): Promise<'removed' | 'absent' | 'conflict'> {
  if ('absent' in condition) {
    return (await statObject(store, object)) === undefined ? 'absent' : 'conflict';
  }
  const { client, bucket } = store;
  const target = { Bucket: bucket, Key: object.name, IfMatch: condition.version };
  try {
    await client.send(new DeleteObjectCommand(target));
    return 'removed';
  } catch (error) {
    if (isAbsence(error)) return 'absent';
    if (!isConflict(error)) throw s3ErrorOf(object.key, error);
    return (await statObject(store, object)) === undefined ? 'absent' : 'conflict';
  }
}
