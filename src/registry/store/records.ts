// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, readDescriptor } from '../../core/oci/descriptor.ts';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { isObject } from '../../core/oci/json-object.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { manifestKey, tagKey } from './layout.ts';
import { readJson, readVersioned } from './small-object.ts';
import { StoreError } from './store-error.ts';

/** What a repository knows of a manifest without reading it. */
export interface ManifestRecord {
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly subject?: Digest;
  readonly artifactType?: string;
  /** The push that wrote it: one who comes after a deletion writes another. */
  readonly nonce?: string;
  /** What has to stay as long as this manifest does. */
  readonly children: {
    readonly manifests: readonly Digest[];
    readonly blobs: readonly Digest[];
  };
}

export interface TagRecord {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
  readonly pushedBy: string;
  /** Makes equal records different, for stores whose versions are hashes of content. */
  readonly nonce: string;
  /** The nonce of the record that this one took the place of. */
  readonly ends?: string;
}

export async function findManifestRecord(
  storage: StorageDriver,
  repository: string,
  digest: Digest,
): Promise<ManifestRecord | undefined> {
  return (await findManifestVersion(storage, repository, digest))?.record;
}

/** A record of a manifest, and what it may be removed on condition of. */
export interface FoundManifestRecord {
  readonly record: ManifestRecord;
  readonly version: string;
}

export async function findManifestVersion(
  storage: StorageDriver,
  repository: string,
  digest: Digest,
): Promise<FoundManifestRecord | undefined> {
  const key = manifestKey(repository, digest);
  const found = await readVersioned(storage, key);
  if (found === undefined) return undefined;
  const { value, version } = found;
  if (!isManifestRecord(value)) throw new StoreError('damaged', key, 'no record of a manifest');
  return { record: value, version };
}

export async function findTagRecord(
  storage: StorageDriver,
  repository: string,
  tag: string,
): Promise<TagRecord | undefined> {
  return (await findTag(storage, repository, tag))?.record;
}

/** A tag, and what it may be changed on condition of. */
export interface FoundTag {
  readonly record: TagRecord;
  readonly version: string;
}

export async function findTag(
  storage: StorageDriver,
  repository: string,
  tag: string,
): Promise<FoundTag | undefined> {
  const key = tagKey(repository, tag);
  const found = await readVersioned(storage, key);
  if (found === undefined) return undefined;
  const { value, version } = found;
  if (!isTagRecord(value)) throw new StoreError('damaged', key, 'no record of a tag');
  return { record: value, version };
}

export async function readReferrer(
  storage: StorageDriver,
  key: string,
): Promise<Descriptor | undefined> {
  const found = await readJson(storage, key);
  if (found === undefined) return undefined;
  const descriptor = readDescriptor(found);
  if (typeof descriptor !== 'string') return descriptor;
  throw new StoreError('damaged', key, `a referrer that ${descriptor}`);
}

// Only what is relied on is checked: these documents are our own.

function isManifestRecord(value: unknown): value is ManifestRecord {
  if (!isObject(value) || !isObject(value['children'])) return false;
  return typeof value['mediaType'] === 'string' && typeof value['size'] === 'number';
}

function isTagRecord(value: unknown): value is TagRecord {
  if (!isObject(value) || typeof value['digest'] !== 'string') return false;
  return parseDigest(value['digest']) !== undefined && typeof value['mediaType'] === 'string';
}
