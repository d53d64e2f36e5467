// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../core/oci/descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import { type LayoutFiles, layoutFiles } from './layout-files.ts';
import { withEntries } from './layout-index.ts';
import { blobPath, requireLayout } from './oci-layout.ts';
import { UpstreamError } from './upstream-error.ts';

/** An image layout that is added to. What is written shows at once and whole, and lies in its folder. */
export interface LayoutWriter {
  /** Whether the blob is there, its bytes those of its digest. */
  hasBlob(digest: Digest): Promise<boolean>;
  /** Whoever gives the bytes has them checked; what they throw is thrown, and nothing is left then. */
  putBlob(digest: Digest, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Last, when everything that the entries lead to is there. See `withEntries`. */
  addEntries(entries: readonly Descriptor[]): Promise<void>;
}

/**
 * Opens the folder of a layout, or makes one of a folder that is empty or not there.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 *
 * @throws UpstreamError for a folder that holds something else
 */
export async function openLayoutWriter(directory: string): Promise<LayoutWriter> {
  const files = layoutFiles(directory);
  await onDisk(directory, mkdir(directory, { recursive: true }));
  const names = await onDisk(directory, readdir(directory));
  if (names.length === 0) {
    await replaceFile(directory, 'oci-layout', once('{"imageLayoutVersion":"1.0.0"}'));
  }
  await requireLayout(files, directory);
  return {
    hasBlob: (digest) => isWhole(files, digest),
    async putBlob(digest, bytes) {
      const folder = await ensureFolders(directory, ['blobs', algorithmOf(digest)]);
      await replaceFile(folder, hexOf(digest), bytes);
    },
    async addEntries(entries) {
      const index = withEntries(await files.read('index.json'), entries, `oci:${directory}`);
      await replaceFile(directory, 'index.json', once(index));
    },
  };
}

/** Whether a layout has a blob, its bytes those of its digest. */
export async function isWhole(
  files: LayoutFiles,
  digest: Digest,
  signal?: AbortSignal,
): Promise<boolean> {
  const body = await files.stream(blobPath(digest), signal);
  if (body === undefined) return false;
  const hash = createHash(algorithmOf(digest));
  for await (const piece of body) hash.update(piece);
  return hash.digest('hex') === hexOf(digest);
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** One by one, so that none of them is a link to somewhere else. */
async function ensureFolders(directory: string, names: readonly string[]): Promise<string> {
  let folder = directory;
  for (const name of names) {
    folder = join(folder, name);
    const made = mkdir(folder).catch((error: unknown) => {
      if (!isCode(error, 'EEXIST')) throw error;
    });
    await onDisk(folder, made);
    if ((await onDisk(folder, lstat(folder))).isDirectory()) continue;
    throw new UpstreamError(
      'bad-answer',
      `"${folder}" is no folder: nothing is written through it`,
    );
  }
  return folder;
}

/** The new file takes the place of the old one, also of a link, which is not followed. */
async function replaceFile(
  folder: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const [path, temporary] = [join(folder, name), join(folder, `.archeion-${randomUUID()}`)];
  const handle = await onDisk(path, open(temporary, 'wx'));
  try {
    await writeAll(path, handle, bytes);
    await onDisk(path, rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeAll(
  path: string,
  handle: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  try {
    for await (const piece of bytes) await onDisk(path, handle.writeFile(piece));
    await onDisk(path, handle.sync());
  } finally {
    await handle.close();
  }
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new UpstreamError('unreachable', `cannot write "${path}"`, { cause });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
