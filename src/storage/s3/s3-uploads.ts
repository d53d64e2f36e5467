// SPDX-License-Identifier: Apache-2.0
import { unknownUpload } from '../body.ts';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { inTurn } from '../in-turn.ts';
import { type PartObject, partObjects, type UploadMethods } from '../part-objects.ts';
import { StorageError } from '../storage-error.ts';
import { copyObject, withMultipart } from './s3-copy.ts';
import { LEAST_PART, type Piece, planAssembly } from './s3-parts.ts';
import { readObject } from './s3-read.ts';
import { deleteObject, objectOf, type S3Object, type S3Store, statObject } from './s3-store.ts';
import { putObject, writeObject } from './s3-write.ts';

interface StoredPart extends S3Object {
  readonly size: number;
}

/**
 * Parts are objects. Besides what speaks for that with every store, a part of an upload of S3 may not be small unless
 * it is the last. One part, the usual case, is copied within the store when the upload is finished.
 */
export function s3Uploads(store: S3Store): UploadMethods {
  const objectAt = ({ key, below }: PartObject): S3Object => ({
    key,
    name: store.keys.nameBelow(below),
  });
  return partObjects({
    checkKey: (key) => void objectOf(store, key),
    async write(part, body, signal) {
      const options = signal === undefined ? {} : { signal };
      const written = await writeObject(store, objectAt(part), body, options);
      return written === 'conflict' ? 0 : written.size; // never: there was no condition
    },
    has: async (part) => (await statObject(store, objectAt(part))) !== undefined,
    remove: async (part) => void (await deleteObject(store, objectAt(part))),
    assemble: ({ key, parts, condition }) =>
      assemble(store, {
        object: objectOf(store, key),
        parts: parts.map((part) => ({ ...objectAt(part), size: part.size })),
        condition,
      }),
  });
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
