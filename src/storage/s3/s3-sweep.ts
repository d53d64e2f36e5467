// SPDX-License-Identifier: Apache-2.0
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { UploadSweep } from '../driver.ts';
import { type PartObject, sweepParts } from '../part-objects.ts';
import { atStore, unlessAbsent } from './s3-errors.ts';
import { decodeListed } from './s3-keys.ts';
import { listAll } from './s3-list.ts';
import { deleteObject, type S3Store } from './s3-store.ts';

/**
 * Frees what nobody comes back for: the store's own uploads whose writer died, and parts of uploads that are
 * not under way any more.
 *
 * @returns how many there were
 */
export async function sweepUploads(
  store: S3Store,
  { before, isUnderWay }: UploadSweep,
): Promise<number> {
  const parts = {
    list: (prefix: string) => listAll(store, prefix),
    remove: async ({ key, below }: PartObject) =>
      void (await deleteObject(store, { key, name: store.keys.nameBelow(below) })),
  };
  return (await abortOld(store, before)) + (await sweepParts(parts, { before, isUnderWay }));
}

async function abortOld({ client, bucket, keys }: S3Store, before: number): Promise<number> {
  const Prefix = keys.nameBelow('');
  const marks: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let aborted = 0; ; ) {
    const page = { Bucket: bucket, Prefix, EncodingType: 'url', ...marks } as const;
    const listed = await atStore('', client.send(new ListMultipartUploadsCommand(page)));
    for (const { Key = '', UploadId, Initiated } of listed.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() > before) continue;
      const name = decodeListed(Key);
      const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: name, UploadId });
      await unlessAbsent(keys.keyOf(name), client.send(command));
      aborted += 1;
    }
    if (listed.IsTruncated !== true) return aborted;
    marks.KeyMarker = listed.NextKeyMarker && decodeListed(listed.NextKeyMarker);
    marks.UploadIdMarker = listed.NextUploadIdMarker;
  }
}
