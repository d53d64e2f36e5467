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
  /** Called between the look at the pointer and its change: what is not to be claimed is not held after it. */
  readonly settle: () => Promise<void>;
  /** Whether it is to be believed for as long as the index in force, when that is longer. */
  readonly isRevision?: boolean;
}

export interface PublishedPointer {
  /** Of the object that it is. */
  readonly version: string;
  /** Undefined for what cannot be read. */
  readonly pointer: IndexPointer | undefined;
}

export interface ReplacedIndexes extends PublishedPointer {
  /** Until when any index before this one may be believed; milliseconds since 1970. */
  readonly previousUntil: number;
}

const FOLDER = 'archeion';
const POINTER = `${FOLDER}/index`;
const ATTEMPTS = 10;

/** Others may publish at the same time: so often it is tried to come after one of them. */
export async function publishTargetIndex(
  target: ListedTarget,
  about: IndexAbout,
): Promise<ReplacedIndexes> {
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
  { url, createdAt, validUntil, privateKey, seen, settle, isRevision = false }: IndexAbout,
  current: PublishedPointer | undefined,
): Promise<ReplacedIndexes | 'conflict'> {
  const bytes = current?.pointer && (await readIndexFile(store, current.pointer));
  const before = believedIndex(bytes, {
    backend: name,
    url,
    publicKey: privateKey && createPublicKey(privateKey),
    now: createdAt,
  });
  if (before !== undefined && current?.version !== seen?.version) {
    // Made since we looked: it knows of what came after, and of nothing that is not there.
    for (const record of recordsIn(before)) held.setRecord(record);
  }
  await settle();
  const previousUntil = current === undefined ? 0 : lastBelieved(bytes, createdAt);
  // A front takes no index that is older than the one it has.
  const made = Math.max(createdAt, (before?.header.createdAt ?? 0) + 1);
  const previous = current?.pointer === undefined ? {} : { previous: current.pointer.file };
  const end = Math.max(validUntil, isRevision ? (before?.header.validUntil ?? 0) : 0);
  const header = {
    backend: name,
    url,
    createdAt: made,
    validUntil: end,
    ...previous,
    previousUntil,
  };
  const sealed = sealDigestIndex(writeIndexRecords(header, held.records()), privateKey);
  const pointer = pointerTo(sealed);
  await store.write(`${FOLDER}/${pointer.file}`, sealed, { size: sealed.byteLength });
  const condition =
    current === undefined ? { absent: true as const } : { version: current.version };
  const written = await store.write(POINTER, formatIndexPointer(pointer), {
    condition,
    contentType: 'application/json',
    cacheControl: 'no-cache',
  });
  if (written === 'conflict') return 'conflict';
  await removeOld(store, before?.header.previous);
  return { version: written.version, pointer, previousUntil };
}

/** Longer than this no mirror has an index believed. */
const LONGEST = 31 * 86_400_000;

/** Whoever has an old index may believe it to its end, whatever was published since, by whom, and for whatever key. */
function lastBelieved(bytes: Uint8Array | undefined, now: number): number {
  const read = bytes && readDigestIndex(bytes);
  if (read?.ok !== true) return now + LONGEST;
  const { validUntil, createdAt, previous, previousUntil } = read.file.header;
  const isFirst = previous === undefined;
  return Math.max(validUntil, previousUntil ?? (isFirst ? 0 : createdAt + LONGEST));
}

/** The index before may be on its way to somebody; the one before that was replaced a whole run ago. */
async function removeOld(store: ObjectStore, file: string | undefined): Promise<void> {
  if (file !== undefined && OWN_FILE.test(file)) await store.remove(`${FOLDER}/${file}`);
}

const OWN_FILE = /^index-\d+-[a-f0-9]{8}$/;

/** Only what a front would believe: nothing of another's making gets our signature. */
function believedIndex(
  bytes: Uint8Array | undefined,
  expected: IndexExpectation,
): DigestIndexFile | undefined {
  const opened = bytes && openDigestIndex(bytes, expected);
  return opened?.ok === true ? opened.file : undefined;
}

/** What a pointer points at, believed or not; undefined when it is not there. */
export async function readIndexFile(
  store: ObjectStore,
  { file }: IndexPointer,
): Promise<Uint8Array | undefined> {
  const found = await store.read(`${FOLDER}/${file}`);
  return found && (await buffer(found.body));
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
