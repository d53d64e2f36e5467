// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { bytesOf, collect, unknownUpload } from '../body.ts';
import type { ObjectInfo, StorageDriver, UploadHandle, WriteCondition } from '../driver.ts';
import { checkKey } from '../key.ts';

export type UploadMethods = Pick<
  StorageDriver,
  'startUpload' | 'appendPart' | 'finishUpload' | 'abortUpload'
>;

type StoreIf = (
  key: string,
  bytes: Uint8Array,
  condition?: WriteCondition,
) => ObjectInfo | 'conflict';

/** Uploads in parts, kept apart from the objects until they are finished. */
export function memoryUploads(storeIf: StoreIf): UploadMethods {
  const uploads = new Map<string, Map<string, Uint8Array>>();
  const partsOf = ({ id, key }: UploadHandle): Map<string, Uint8Array> => {
    const parts = uploads.get(id);
    if (parts === undefined) throw unknownUpload(key);
    return parts;
  };
  return {
    async startUpload(key) {
      checkKey(key);
      const id = randomUUID();
      uploads.set(id, new Map());
      return { key, id, parts: [] };
    },
    async appendPart(upload, body, signal) {
      partsOf(upload);
      const bytes = await collect(bytesOf(upload.key, body, { signal }));
      const tag = randomUUID();
      partsOf(upload).set(tag, bytes); // asked again: it may have been aborted meanwhile
      return { ...upload, parts: [...upload.parts, { tag, size: bytes.byteLength }] };
    },
    async finishUpload(upload, condition) {
      const stored = partsOf(upload);
      const parts = upload.parts.map(({ tag }) => {
        const part = stored.get(tag);
        if (part === undefined) throw unknownUpload(upload.key);
        return part;
      });
      const info = storeIf(upload.key, Buffer.concat(parts), condition);
      if (info !== 'conflict') uploads.delete(upload.id);
      return info;
    },
    async abortUpload({ id }) {
      uploads.delete(id);
    },
  };
}
