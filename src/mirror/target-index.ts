// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  type DigestIndexFile,
  readDigestIndex,
  recordsIn,
  writeIndexRecords,
} from '../core/digest-index/digest-index-file.ts';
import {
  formatIndexPointer,
  type IndexPointer,
  indexFileName,
  parseIndexPointer,
} from '../core/digest-index/index-pointer.ts';
import type { ObjectStore } from '../storage/driver.ts';
import {
  type IndexExpectation,
  openDigestIndex,
  sealDigestIndex,
} from '../upstream/digest-index-seal.ts';
import type { ListedTarget } from './mirror-target.ts';

export interface IndexAbout {
  /** The URL of the backend in the configuration of the front. */
  readonly url: string;
  /** From before the first look at the target; milliseconds since 1970. */
  readonly createdAt: number;
  readonly validUntil: number;
  readonly privateKey: KeyObject | undefined;
  /** The pointer that was there before the target was listed. */
  readonly seen: PublishedPointer | undefined;
}

export interface PublishedPointer {
  /** Of the object that it is. */
  readonly version: string;
  /** Undefined for what cannot be read. */
  readonly pointer: IndexPointer | undefined;
}

const FOLDER = 'archeion';
const POINTER = `${FOLDER}/index`;
const ATTEMPTS = 10;

/** Others may publish at the same time: so often it is tried to come after one of them. */
export async function publishTargetIndex(
  target: ListedTarget,
  about: IndexAbout,
): Promise<PublishedPointer> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const current = await readPointer(target.store);
    const published = await publishAfter(target, about, current);
    if (published !== 'conflict') return published;
  }
  throw new Error('others publish the index all the time');
}

/** The pointer as it is. */
export async function readPointer(store: ObjectStore): Promise<PublishedPointer | undefined> {
  const found = await store.read(POINTER);
  if (found === undefined) return undefined;
  const text = (await buffer(found.body)).toString();
  return { version: found.info.version, pointer: parseIndexPointer(text) };
}

/** The file first and the pointer last, on condition that nobody else was faster. */
async function publishAfter(
  { name, store, held }: ListedTarget,
  { url, createdAt, validUntil, privateKey, seen }: IndexAbout,
  current: PublishedPointer | undefined,
): Promise<PublishedPointer | 'conflict'> {
  const before = await readIndex(store, current?.pointer, {
    backend: name,
    url,
    publicKey: privateKey && createPublicKey(privateKey),
    now: createdAt,
  });
  if (before !== undefined && current?.version !== seen?.version) {
    // Made since we looked: it knows of what came after, and of nothing that is not there.
    for (const record of recordsIn(before)) held.setRecord(record);
  }
  // A front takes no index that is older than the one it has.
  const made = Math.max(createdAt, (before?.header.createdAt ?? 0) + 1);
  const previous = current?.pointer === undefined ? {} : { previous: current.pointer.file };
  const header = { backend: name, url, createdAt: made, validUntil, ...previous };
  const bytes = sealDigestIndex(writeIndexRecords(header, held.records()), privateKey);
  const pointer = pointerTo(bytes);
  await store.write(`${FOLDER}/${pointer.file}`, bytes, { size: bytes.byteLength });
  const condition =
    current === undefined ? { absent: true as const } : { version: current.version };
  const written = await store.write(POINTER, formatIndexPointer(pointer), {
    condition,
    contentType: 'application/json',
    cacheControl: 'no-cache',
  });
  if (written === 'conflict') return 'conflict';
  await removeOld(store, before?.header.previous);
  return { version: written.version, pointer };
}

/** The index before may be on its way to somebody; the one before that was replaced a whole run ago. */
async function removeOld(store: ObjectStore, file: string | undefined): Promise<void> {
  if (file !== undefined && OWN_FILE.test(file)) await store.remove(`${FOLDER}/${file}`);
}

const OWN_FILE = /^index-\d+-[a-f0-9]{8}$/;

/** Only what a front would believe: nothing of another's making gets our signature. */
async function readIndex(
  store: ObjectStore,
  pointer: IndexPointer | undefined,
  expected: IndexExpectation,
): Promise<DigestIndexFile | undefined> {
  if (pointer === undefined) return undefined;
  const found = await store.read(`${FOLDER}/${pointer.file}`);
  if (found === undefined) return undefined;
  const opened = openDigestIndex(await buffer(found.body), expected);
  return opened.ok ? opened.file : undefined;
}

function pointerTo(bytes: Uint8Array): IndexPointer {
  const read = readDigestIndex(bytes);
  if (!read.ok) throw new Error(`no index can be made of this: ${read.problem}`);
  const hex = Buffer.from(read.file.checksum).toString('hex');
  return {
    file: indexFileName(read.file.header.createdAt, hex),
    size: bytes.byteLength,
    checksum: `sha256:${hex}`,
  };
}
