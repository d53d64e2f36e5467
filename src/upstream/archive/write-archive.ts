// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UpstreamError } from '../upstream-error.ts';
import { BLOCK, paddingOf, tarHeaders } from './tar-header.ts';

export interface ArchivedFile {
  readonly path: string;
  readonly size: number;
  readonly open: () => Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array>>;
}

export interface ArchivePlace {
  readonly file: string;
  /** On the same file system, for what is not whole yet. */
  readonly folder: string;
}

/** Writes files as one archive, in the order in which they are given. It shows when it is whole. */
export async function writeArchive(
  { file, folder }: ArchivePlace,
  files: readonly ArchivedFile[],
): Promise<void> {
  const temporary = join(folder, `.archeion-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      for (const one of files) await append(handle, one);
      await handle.writeFile(Buffer.alloc(2 * BLOCK));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    if (cause instanceof UpstreamError) throw cause;
    throw new UpstreamError('unreachable', `cannot write "${file}"`, { cause });
  } finally {
    await rm(temporary, { force: true });
  }
}

async function append(handle: FileHandle, { path, size, open: read }: ArchivedFile): Promise<void> {
  await handle.writeFile(tarHeaders({ path, size, type: '0' }));
  let written = 0;
  for await (const piece of await read()) {
    await handle.writeFile(piece);
    written += piece.byteLength;
  }
  if (written !== size) {
    throw new UpstreamError('bad-answer', `"${path}" changed while it was written`);
  }
  await handle.writeFile(paddingOf(size));
}
