// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { unknownUpload } from '../body.ts';
import type { Body, ObjectInfo, StorageDriver, UploadHandle, WriteCondition } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import { copyObject, inTurn, withMultipart } from './s3-copy.ts';
import { PARTS_PREFIX } from './s3-keys.ts';
import { LEAST_PART, type Piece, planAssembly } from './s3-parts.ts';
import { readObject } from './s3-read.ts';
import { deleteObject, objectOf, type S3Object, type S3Store, statObject } from './s3-store.ts';
import { putObject, writeObject } from './s3-write.ts';

export type UploadMethods = Pick<
  StorageDriver,
  'startUpload' | 'appendPart' | 'finishUpload' | 'abortUpload'
>;

/** A handle comes back as JSON: its names are checked before they are names of objects. */
const NAME = /^[0-9a-f]{32}$/;

interface StoredPart extends S3Object {
  readonly size: number;
}

/**
 * Uploads in parts, each part an object that nobody lists. The store's own uploads would not do: a part of them
 * may not be small unless it is the last, two who write the same one overwrite each other, and nobody can read
 * them. One part, the usual case, is copied within the store when the upload is finished.
 */
export function s3Uploads(store: S3Store): UploadMethods {
  const partsOf = ({ key, id, parts }: UploadHandle): readonly StoredPart[] => {
    const names = [id, ...parts.map(({ tag }) => tag)];
    if (!names.every((name) => NAME.test(name))) throw unknownUpload(key);
    return parts.map(({ tag, size }) => ({ ...partOf(store, { key, id, tag }), size }));
  };
  const removeAll = (parts: readonly StoredPart[]): Promise<void> =>
    inTurn(parts, async (part) => void (await deleteObject(store, part)));

  return {
    async startUpload(key) {
      objectOf(store, key);
      return { key, id: randomBytes(16).toString('hex'), parts: [] };
    },
    async appendPart(upload, body, signal) {
      const before = partsOf(upload).at(-1);
      const tag = randomBytes(16).toString('hex');
      const size = await writePart(store, { upload, tag }, body, signal);
      const next = { ...upload, parts: [...upload.parts, { tag, size }] };
      if (before !== undefined && (await statObject(store, before)) === undefined) {
        await removeAll(partsOf(next).slice(-1));
        throw unknownUpload(upload.key);
      }
      return next;
    },
    async finishUpload(upload, condition) {
      const parts = partsOf(upload);
      const info = await assemble(store, { object: objectOf(store, upload.key), parts, condition });
      if (info !== 'conflict') await removeAll(parts);
      return info;
    },
    async abortUpload(upload) {
      await removeAll(partsOf(upload));
    },
  };
}

interface PartName {
  readonly key: string;
  readonly id: string;
  readonly tag: string;
}

function partOf({ keys }: S3Store, { key, id, tag }: PartName): S3Object {
  return { key, name: keys.nameBelow(`${PARTS_PREFIX}${id}/${tag}`) };
}

async function writePart(
  store: S3Store,
  { upload, tag }: { readonly upload: UploadHandle; readonly tag: string },
  body: Body,
  signal: AbortSignal | undefined,
): Promise<number> {
  const part = partOf(store, { ...upload, tag });
  const written = await writeObject(store, part, body, signal === undefined ? {} : { signal });
  return written === 'conflict' ? 0 : written.size; // never: there was no condition
}

interface Assembly {
  readonly object: S3Object;
  readonly parts: readonly StoredPart[];
  readonly condition: WriteCondition | undefined;
}

async function assemble(
  store: S3Store,
  { object, parts, condition }: Assembly,
): Promise<ObjectInfo | 'conflict'> {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0 && condition === undefined) {
    const info = await copyObject(store, only, object);
    if (info === undefined) throw unknownUpload(object.key);
    return info;
  }
  const read = (pieces: readonly Piece[]) => bytesOfPieces(store, parts, pieces);
  const steps = planAssembly(parts.map(({ size }) => size));
  const [first] = steps;
  if (first === undefined)
    return putObject(store, object, new Uint8Array(), { ...(condition && { condition }) });
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (total < LEAST_PART && first.kind === 'bytes') {
    const bytes = await read(first.pieces);
    return putObject(store, object, bytes, { ...(condition && { condition }) });
  }
  return withMultipart({ store, object, condition }, (upload) =>
    inTurn(steps, async (step, place) => {
      if (step.kind === 'bytes') return upload.put(place, await read(step.pieces));
      const from = parts[step.piece.part];
      if (from !== undefined) await upload.copy(place, from, step.piece);
    }),
  );
}

async function bytesOfPieces(
  store: S3Store,
  parts: readonly StoredPart[],
  pieces: readonly Piece[],
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (const { part, first, last } of pieces) {
    const from = parts[part];
    const found = from && (await readObject(store, from, { range: { first, last } }));
    if (from === undefined || found === undefined) throw unknownUpload(from?.key ?? '');
    for await (const chunk of found.body) chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const expected = pieces.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (bytes.byteLength === expected) return bytes;
  throw new StorageError('failed', parts[0]?.key ?? '', 'a part of an upload became shorter');
}
