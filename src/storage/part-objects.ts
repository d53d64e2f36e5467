// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { unknownUpload } from './body.ts';
import { PARTS_PREFIX } from './bucket-keys.ts';
import type {
  Body,
  ObjectInfo,
  StorageDriver,
  UploadHandle,
  UploadSweep,
  WriteCondition,
} from './driver.ts';
import { inTurn } from './in-turn.ts';

export type UploadMethods = Pick<
  StorageDriver,
  'startUpload' | 'appendPart' | 'finishUpload' | 'abortUpload'
>;

/** A part of an upload: an object that nobody lists. */
export interface PartObject {
  /** Of the upload, for messages. */
  readonly key: string;
  /** In the store, below what all names start with. */
  readonly below: string;
}

export interface SizedPart extends PartObject {
  readonly size: number;
}

export interface Assembly {
  readonly key: string;
  readonly parts: readonly SizedPart[];
  readonly condition: WriteCondition | undefined;
}

/** What a store has to do for uploads whose parts are objects of their own. */
export interface PartStore {
  /** @throws StorageError `invalid-key` */
  checkKey(key: string): void;
  /** @returns bytes */
  write(part: PartObject, body: Body, signal: AbortSignal | undefined): Promise<number>;
  has(part: PartObject): Promise<boolean>;
  remove(part: PartObject): Promise<void>;
  /** Makes the object of its parts, and leaves them. */
  assemble(assembly: Assembly): Promise<ObjectInfo | 'conflict'>;
}

/** A handle comes back as JSON: its names are checked before they are names of objects. */
const NAME = /^[0-9a-f]{32}$/;

/**
 * Uploads in parts, each part an object that nobody lists. The uploads that stores have themselves would not do: two
 * who write the same part overwrite each other, nobody can read one, and the key is fixed before the digest is known.
 */
export function partObjects(store: PartStore): UploadMethods {
  const removeAll = (parts: readonly PartObject[]): Promise<void> =>
    inTurn(parts, (part) => store.remove(part));
  return {
    async startUpload(key) {
      store.checkKey(key);
      return { key, id: newName(), parts: [] };
    },
    async appendPart(upload, body, signal) {
      const before = partsOf(upload).at(-1);
      const tag = newName();
      const size = await store.write(partOf(upload, tag), body, signal);
      const next = { ...upload, parts: [...upload.parts, { tag, size }] };
      if (before !== undefined && !(await store.has(before))) {
        await removeAll(partsOf(next).slice(-1));
        throw unknownUpload(upload.key);
      }
      return next;
    },
    async finishUpload(upload, condition) {
      const parts = partsOf(upload);
      store.checkKey(upload.key);
      const info = await store.assemble({ key: upload.key, parts, condition });
      if (info !== 'conflict') await removeAll(parts);
      return info;
    },
    async abortUpload(upload) {
      await removeAll(partsOf(upload));
    },
  };
}

export interface SweptStore {
  /** Everything below the place of parts, with keys as they are. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  remove(part: PartObject): Promise<void>;
}

/** Frees parts of uploads that are not under way any more; returns how many. */
export async function sweepParts(
  store: SweptStore,
  { before, isUnderWay }: UploadSweep,
): Promise<number> {
  let removed = 0;
  for await (const { key, modifiedAt } of store.list(PARTS_PREFIX)) {
    const [id = ''] = key.slice(PARTS_PREFIX.length).split('/');
    if (modifiedAt > before || isUnderWay(id)) continue;
    await store.remove({ key, below: key });
    removed += 1;
  }
  return removed;
}

function partsOf(upload: UploadHandle): readonly SizedPart[] {
  const { key, id, parts } = upload;
  const names = [id, ...parts.map(({ tag }) => tag)];
  if (!names.every((name) => NAME.test(name))) throw unknownUpload(key);
  return parts.map(({ tag, size }) => ({ ...partOf(upload, tag), size }));
}

function partOf({ key, id }: UploadHandle, tag: string): PartObject {
  return { key, below: `${PARTS_PREFIX}${id}/${tag}` };
}

function newName(): string {
  return randomBytes(16).toString('hex');
}
