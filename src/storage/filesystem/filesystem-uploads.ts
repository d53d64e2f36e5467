// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, unknownUpload } from '../body.ts';
import type { ObjectInfo, StorageDriver, UploadHandle } from '../driver.ts';
import { checkKey } from '../key.ts';
import { ifPresent, inTurn, onDisk } from './filesystem-errors.ts';
import type { Change } from './filesystem-publish.ts';
import { openObject } from './filesystem-read.ts';
import { statFile } from './filesystem-small.ts';
import type { TemporaryFile, TemporaryFiles } from './filesystem-temporary.ts';

export type UploadMethods = Required<
  Pick<
    StorageDriver,
    'startUpload' | 'appendPart' | 'finishUpload' | 'abortUpload' | 'sweepUploads'
  >
>;

export interface UploadPorts {
  readonly folder: string;
  readonly temporary: TemporaryFiles;
  readonly publish: (
    file: TemporaryFile,
    change: Change | undefined,
  ) => Promise<ObjectInfo | 'conflict'>;
}

/** A handle comes back as JSON, from a store others may write to: its names are checked before they are paths. */
const NAME = /^[0-9a-f]{32}$/;
const ID_LENGTH = 32;

/**
 * Uploads in parts: a file `<upload>-<part>` for each. Two processes that append to the same handle do not mix: which
 * parts count is in the handle. An upload of one part, the usual one, is finished without a copy, and has touched
 * nothing but that file: to make and remove a folder for each takes as long as to write the bytes.
 */
export function fileUploads({ folder, temporary, publish }: UploadPorts): UploadMethods {
  const pathOf = ({ key, id }: UploadHandle, tag: string): string => {
    if (!NAME.test(id) || !NAME.test(tag)) throw unknownUpload(key);
    return join(folder, `${id}-${tag}`);
  };
  const pathsOf = (upload: UploadHandle) => upload.parts.map(({ tag }) => pathOf(upload, tag));

  /** What is there of an upload, which is all of it: it is finished or aborted as a whole. */
  const partsOf = (upload: UploadHandle): readonly TemporaryFile[] =>
    pathsOf(upload).map((path, index) => {
      const info = statFile(upload.key, path);
      if (info?.size !== upload.parts[index]?.size || info === undefined)
        throw unknownUpload(upload.key);
      return { path, info };
    });

  /** One file with all the parts, where nobody minds if it is moved away. */
  const assemble = async (upload: UploadHandle): Promise<TemporaryFile> => {
    const parts = partsOf(upload);
    const [only, ...others] = parts;
    // It was synced, and has a version, since it was appended.
    if (only !== undefined && others.length === 0) return only;
    return temporary.write(upload.key, concatenate(parts));
  };

  const remove = ({ key }: UploadHandle, paths: readonly string[]): void =>
    inTurn(key, () => {
      for (const path of paths) rmSync(path, { force: true });
    });

  return {
    async startUpload(key) {
      checkKey(key);
      return { key, id: newName(), parts: [] };
    },
    async appendPart(upload, body, signal) {
      const { key } = upload;
      partsOf({ ...upload, parts: upload.parts.slice(-1) });
      const tag = newName();
      const bytes = bytesOf(key, body, { signal });
      const { info } = await temporary.write(key, bytes, { path: pathOf(upload, tag) });
      return { ...upload, parts: [...upload.parts, { tag, size: info.size }] };
    },
    async finishUpload(upload, condition) {
      const paths = pathsOf(upload);
      const file = await assemble(upload);
      const info = await publish(file, condition && { condition });
      const isPart = paths.includes(file.path);
      if (!isPart) remove(upload, [file.path]);
      // The parts stay for another attempt, unless they became the object.
      if (info !== 'conflict') remove(upload, paths);
      return info;
    },
    async abortUpload(upload) {
      remove(upload, pathsOf(upload));
    },
    async sweepUploads({ before, isUnderWay }) {
      const names = (await onDisk(folder, ifPresent(readdir(folder)))) ?? [];
      let removed = 0;
      for (const name of names.filter((one) => !isUnderWay(one.slice(0, ID_LENGTH)))) {
        const path = join(folder, name);
        const info = statFile(folder, path);
        if (info === undefined || info.modifiedAt >= before) continue;
        await onDisk(folder, rm(path, { force: true }));
        removed += 1;
      }
      return removed;
    },
  };
}

function newName(): string {
  return randomBytes(16).toString('hex');
}

async function* concatenate(
  parts: readonly TemporaryFile[],
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { path, info } of parts) {
    const { key } = info;
    const part = await openObject({ key, path, range: undefined, signal: undefined });
    if (part === undefined) throw unknownUpload(key);
    yield* part.body;
  }
}
