// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { blobKeyReader } from '../../core/digest-index/blob-key.ts';
import type { HeldBlob } from '../../core/digest-index/digest-index-file.ts';
import { type ListedObject, parseListing } from '../../core/digest-index/listing.ts';
import { type BlobPath, parseBlobPath } from '../../core/routing/blob-path.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import { UsageError } from '../command.ts';

/** The blobs among the objects of a store, and how many objects are none. */
export interface FoundBlobs {
  readonly blobs: readonly HeldBlob[];
  readonly others: number;
}

/** Every file below a folder, by its path with slashes. Looks at names and sizes, never into files. */
export async function listFolder(folder: string): Promise<ListedObject[]> {
  if (await isDriversFolder(folder)) return listDriversFolder(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const objects: ListedObject[] = [];
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const key = relative(folder, path).replaceAll(sep, '/');
    objects.push({ key, size: (await stat(path)).size });
  }
  return objects;
}

async function listDriversFolder(folder: string): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for await (const object of filesystemDriver(folder).list('')) objects.push(object);
  return objects;
}

/** A folder that our storage driver keeps has names of its own: see filesystem-keys.ts. */
export async function isDriversFolder(folder: string): Promise<boolean> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.some((entry) => entry.isDirectory() && entry.name.endsWith('+'));
}

/** @throws UsageError for what is no listing */
export async function readListing(file: string): Promise<readonly ListedObject[]> {
  const result = parseListing(await readFile(file, 'utf8'));
  if (!result.ok) throw new UsageError(`"${file}" is no listing: ${result.problem}`);
  return result.objects;
}

export function blobsAmong(objects: readonly ListedObject[], path: BlobPath): FoundBlobs {
  const digestOf = blobKeyReader(path);
  const blobs = objects.flatMap(({ key, size }): HeldBlob[] => {
    const digest = digestOf(key);
    return digest === undefined || isPlaceholder(digest, size) ? [] : [{ digest, size }];
  });
  return { blobs, others: objects.length - blobs.length };
}

/** A file of no bytes under the digest of something is what a copy that broke off leaves behind. */
function isPlaceholder(digest: string, size: number): boolean {
  return size === 0 && !EMPTY.includes(digest.slice(0, 15));
}

/** How the digests of nothing begin. */
const EMPTY = ['sha256:e3b0c442', 'sha512:cf83e135'];

/** @throws UsageError */
export function readBlobPath(text: string): BlobPath {
  const path = parseBlobPath(text);
  if (path !== undefined) return path;
  throw new UsageError(`"${text}" is no blob path: expected {digest}, or {algorithm} and {hex}`);
}
