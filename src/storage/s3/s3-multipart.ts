// SPDX-License-Identifier: Apache-2.0

import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { ByteRange, ObjectInfo, WriteCondition, WriteOptions } from '../driver.ts';
import { atStore } from './s3-errors.ts';
import { copySource } from './s3-keys.ts';
import { conditionOf, infoOf, type S3Object, type S3Store } from './s3-store.ts';
import { landed } from './s3-write-once.ts';

/** An object that is being made of parts. It shows when it is completed, all at once. */
export interface Multipart {
  /** By the place of the part from 0. Several may be under way. */
  put(place: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Copied within the store; the whole of the source without a range. */
  copy(place: number, from: S3Object, range: ByteRange | undefined): Promise<void>;
  complete(condition?: WriteCondition): Promise<ObjectInfo | 'conflict'>;
  /** Gives the space back; a failure to do so is for the reaper, and no reason to hide another one. */
  abort(): Promise<void>;
}

export async function startMultipart(
  store: S3Store,
  object: S3Object,
  { contentType, cacheControl }: Pick<WriteOptions, 'contentType' | 'cacheControl'> = {},
): Promise<Multipart> {
  const { client, bucket } = store;
  const { key, name } = object;
  const nonce = randomUUID();
  const target = { Bucket: bucket, Key: name };
  const started = await atStore(
    key,
    client.send(
      new CreateMultipartUploadCommand({
        ...target,
        Metadata: { nonce },
        ...(contentType !== undefined && { ContentType: contentType }),
        ...(cacheControl !== undefined && { CacheControl: cacheControl }),
      }),
    ),
  );
  const upload = { ...target, UploadId: started.UploadId };
  const done: { readonly part: CompletedPart; readonly size: number }[] = [];
  const keep = (place: number, ETag: string | undefined, size: number): void => {
    done[place] = { part: { PartNumber: place + 1, ETag }, size };
  };
  return {
    async put(place, bytes, signal) {
      const command = new UploadPartCommand({ ...upload, PartNumber: place + 1, Body: bytes });
      const sent = client.send(command, signal === undefined ? {} : { abortSignal: signal });
      keep(place, (await atStore(key, sent)).ETag, bytes.byteLength);
    },
    async copy(place, from, range) {
      const command = new UploadPartCopyCommand({
        ...upload,
        PartNumber: place + 1,
        CopySource: copySource(bucket, from.name),
        ...(range && { CopySourceRange: `bytes=${range.first}-${range.last}` }),
      });
      const copied = await atStore(from.key, client.send(command));
      const size = range === undefined ? 0 : range.last - range.first + 1;
      keep(place, copied.CopyPartResult?.ETag, size);
    },
    async complete(condition) {
      const command = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: done.map(({ part }) => part) },
        ...conditionOf(condition),
      });
      const size = done.reduce((sum, entry) => sum + entry.size, 0);
      const work = client.send(command).then((answer) => infoOf(key, { ...answer, Size: size }));
      return landed({ store, object, nonce, condition }, work);
    },
    async abort() {
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    },
  };
}
