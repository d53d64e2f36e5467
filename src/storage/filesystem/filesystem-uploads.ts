// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, unknownUpload } from '../body.ts';
import type { ObjectInfo, StorageDriver, UploadHandle, WriteCondition } from '../driver.ts';
import { checkKey } from '../key.ts';
import { errorCode, ifPresent, onDisk } from './filesystem-errors.ts';
import { syncFolder } from './filesystem-folders.ts';
import { openObject } from './filesystem-read.ts';
import type { TemporaryFile, TemporaryFiles } from './filesystem-temporary.ts';

export type UploadMethods = Pick<
  StorageDriver,
  'startUpload' | 'appendPart' | 'finishUpload' | 'abortUpload'
>;

export interface UploadPorts {
  readonly folder: string;
  readonly temporary: TemporaryFiles;
  readonly publish: (
    file: TemporaryFile,
    condition: WriteCondition | undefined,
  ) => Promise<ObjectInfo | 'conflict'>;
}

/** A handle comes back as JSON, from a store others may write to: its names are checked before they are paths. */
const NAME = /^[0-9a-f]{32}$/;

/**
 * Uploads in parts: a folder per upload, a file per part. Two processes that append to the same handle do not
 * mix: which parts count is in the handle. An upload of one part, the usual one, is finished without a copy.
 */
export function fileUploads({ folder, temporary, publish }: UploadPorts): UploadMethods {
  const pathOf = ({ key, id, parts }: UploadHandle): string => {
    const names = [id, ...parts.map(({ tag }) => tag)];
    if (!names.every((name) => NAME.test(name))) throw unknownUpload(key);
    return join(folder, id);
  };

  /** One file with all the parts, where nobody minds if it is moved away. */
  const assemble = async (upload: UploadHandle): Promise<TemporaryFile> => {
    const paths = upload.parts.map(({ tag }) => join(pathOf(upload), tag));
    await requireParts(upload, paths);
    const [only, ...others] = paths;
    if (only !== undefined && others.length === 0) return temporary.adopt(upload.key, only);
    return temporary.write(upload.key, concatenate(upload.key, paths));
  };

  return {
    async startUpload(key) {
      checkKey(key);
      const id = randomBytes(16).toString('hex');
      await onDisk(key, makeLasting(folder, id));
      return { key, id, parts: [] };
    },
    async appendPart(upload, body, signal) {
      const { key } = upload;
      const path = pathOf(upload);
      const { path: written, info } = await temporary.write(key, bytesOf(key, body, { signal }));
      const tag = randomBytes(16).toString('hex');
      await onDisk(key, keepPart({ upload, written, path, tag }));
      return { ...upload, parts: [...upload.parts, { tag, size: info.size }] };
    },
    async finishUpload(upload, condition) {
      const path = pathOf(upload);
      const file = await onDisk(upload.key, assemble(upload));
      const info = await onDisk(upload.key, publish(file, condition));
      if (upload.parts.length !== 1) await onDisk(upload.key, rm(file.path, { force: true }));
      if (info !== 'conflict') await onDisk(upload.key, removeFolder(path));
      return info;
    },
    async abortUpload(upload) {
      await onDisk(upload.key, rm(pathOf(upload), { recursive: true, force: true }));
    },
  };
}

/** Mostly it is empty now, its only part having become the object. */
async function removeFolder(path: string): Promise<void> {
  try {
    rmdirSync(path);
  } catch {
    await rm(path, { recursive: true, force: true });
  }
}

async function makeLasting(folder: string, id: string): Promise<void> {
  mkdirSync(join(folder, id), { recursive: true });
  await syncFolder(folder);
}

interface WrittenPart {
  readonly upload: UploadHandle;
  readonly written: string;
  readonly path: string;
  readonly tag: string;
}

async function keepPart({ upload, written, path, tag }: WrittenPart): Promise<void> {
  try {
    renameSync(written, join(path, tag));
    await syncFolder(path);
  } catch (error) {
    rmSync(written, { force: true });
    throw errorCode(error) === 'ENOENT' ? unknownUpload(upload.key) : error;
  }
}

async function requireParts(
  { key, id: _, parts }: UploadHandle,
  paths: readonly string[],
): Promise<void> {
  for (const [index, path] of paths.entries()) {
    const facts = await ifPresent(lstat(path));
    if (facts?.isFile() !== true || facts.size !== parts[index]?.size) throw unknownUpload(key);
  }
}

async function* concatenate(
  key: string,
  paths: readonly string[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const path of paths) {
    const part = await openObject({ key, path, range: undefined, signal: undefined });
    if (part === undefined) throw unknownUpload(key);
    yield* part.body;
  }
}
