// SPDX-License-Identifier: Apache-2.0

import { mapStream } from '../../core/map-stream.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { ObjectInfo } from '../../storage/driver.ts';
import {
  manifestPrefix,
  referrerOfKey,
  referrerPrefix,
  tagKey,
  tagOfKey,
  tagPrefix,
} from './layout.ts';
import type { RepositoryPlace } from './manifest-store.ts';
import { readKey } from './read-key.ts';
import { findManifestRecord, findTagRecord, type ManifestRecord } from './records.ts';
import { StoreError } from './store-error.ts';

/** Records read at a time. */
const READS = 16;

export interface ScannedManifest {
  readonly digest: Digest;
  /** Undefined when it is damaged: what it needs is not known. */
  readonly record: ManifestRecord | undefined;
  /** Milliseconds since 1970, by the store's clock. */
  readonly writtenAt: number;
}

/** Every manifest of a repository, damaged ones included. */
export async function* scanManifests({
  storage,
  repository,
}: RepositoryPlace): AsyncGenerator<ScannedManifest, void, undefined> {
  const read = async ({ key, modifiedAt: writtenAt }: ObjectInfo) => {
    const named = readKey(key);
    if (named.kind !== 'manifest') return undefined;
    const { digest } = named;
    const found = await orDamaged(findManifestRecord(storage, repository, digest));
    if (found === undefined) return undefined; // gone since it was listed
    return { digest, writtenAt, record: found === 'damaged' ? undefined : found };
  };
  const scanned = mapStream(
    storage.list(manifestPrefix(repository), { keysOnly: true }),
    READS,
    read,
  );
  for await (const manifest of scanned) if (manifest !== undefined) yield manifest;
}

export interface ScannedTag {
  readonly tag: string;
  readonly digest: Digest;
  /** Of its object, to change it only as long as it is this one. */
  readonly version: string;
  /** The event that set it. */
  readonly nonce: string;
}

/** Every tag of a repository that can be read. */
export async function* scanTags(
  place: RepositoryPlace,
): AsyncGenerator<ScannedTag, void, undefined> {
  const read = ({ key }: { readonly key: string }) => scanTag(place, tagOfKey(key));
  const scanned = mapStream(
    place.storage.list(tagPrefix(place.repository), { keysOnly: true }),
    READS,
    read,
  );
  for await (const tag of scanned) if (tag !== undefined) yield tag;
}

/** The version is that of before the record was read: a tag that moves in between has another one. */
export async function scanTag(
  { storage, repository }: RepositoryPlace,
  tag: string,
): Promise<ScannedTag | undefined> {
  const info = await storage.stat(tagKey(repository, tag));
  const record = await orDamaged(findTagRecord(storage, repository, tag));
  if (info === undefined || record === undefined || record === 'damaged') return undefined;
  return { tag, digest: record.digest, version: info.version, nonce: record.nonce };
}

/** What is about a manifest. */
export async function* scanReferrers(
  { storage, repository }: RepositoryPlace,
  subject: Digest,
): AsyncGenerator<Digest, void, undefined> {
  for await (const { key } of storage.list(referrerPrefix(repository, subject))) {
    const referrer = referrerOfKey(key);
    if (referrer !== undefined) yield referrer;
  }
}

/** A record, or that there is one which cannot be read. */
export async function orDamaged<T>(reading: Promise<T>): Promise<T | 'damaged'> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'damaged') return 'damaged';
    throw error;
  }
}
