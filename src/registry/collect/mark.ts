// SPDX-License-Identifier: Apache-2.0
import { type ReferenceSet, referenceSet } from '../../core/collection/reference-set.ts';
import { type KnownManifest, untaggedManifests } from '../../core/collection/untagged.ts';
import { mapStream } from '../../core/map-stream.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { listRepositories } from '../pull/catalog.ts';
import { findSession } from '../push/upload-session.ts';
import { tagOfKey, tagPrefix, UPLOADS_PREFIX, uploadIdOfKey } from '../store/layout.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findTagRecord } from '../store/records.ts';
import { orDamaged, scanManifests } from '../store/repository-scan.ts';

export interface MarkOptions {
  readonly storage: StorageDriver;
  /** Milliseconds since 1970, by the store's clock. */
  readonly now: number;
  /** Milliseconds after which a manifest that nothing leads to goes; left out, never. */
  readonly untaggedAfter: number | undefined;
  /** Told of every object that was read; may throw to end it. */
  readonly step: () => Promise<void>;
}

/** What everything in a store needs. */
export interface Marks {
  isNeeded(digest: Digest, repository?: string): boolean;
  /** The repositories in which this is a manifest that nothing leads to. */
  untaggedIn(digest: Digest): readonly string[];
}

const READS = 16;

/** Reads every record of a store. One repository at a time is held whole; of the others a few bytes a reference. */
export async function markReferences(options: MarkOptions): Promise<Marks> {
  const { storage, now } = options;
  const references = referenceSet();
  const untagged = new Map<Digest, string[]>();
  const busy = await uploadedTo(storage, now);
  for (const repository of await listRepositories(storage)) {
    const found = await markRepository({ storage, repository }, options, references);
    if (found === 'unreadable') busy.add(repository);
    else for (const digest of found) addTo(untagged, digest, repository);
  }
  return {
    isNeeded: (digest, repository) =>
      repository !== undefined && busy.has(repository) ? true : references.has(digest, repository),
    untaggedIn: (digest) => untagged.get(digest) ?? [],
  };
}

function addTo(map: Map<Digest, string[]>, digest: Digest, repository: string): void {
  const others = map.get(digest);
  if (others === undefined) map.set(digest, [repository]);
  else others.push(repository);
}

/** Repositories that somebody is pushing to: nothing they hold goes, since a manifest may still come for it. */
async function uploadedTo(storage: StorageDriver, now: number): Promise<Set<string>> {
  const read = async ({ key }: { readonly key: string }) => {
    const id = uploadIdOfKey(key);
    const session = id && (await findSession(storage, id));
    if (session === undefined) return undefined;
    return session.record.expiresAt > now ? session.record.repository : undefined;
  };
  const repositories = new Set<string>();
  for await (const repository of mapStream(storage.list(UPLOADS_PREFIX), READS, read)) {
    if (repository !== undefined) repositories.add(repository);
  }
  return repositories;
}

/** Marks what the manifests of a repository need, and gives those that nothing leads to. */
async function markRepository(
  place: RepositoryPlace,
  { now, untaggedAfter, step }: MarkOptions,
  references: ReferenceSet,
): Promise<readonly Digest[] | 'unreadable'> {
  const manifests = new Map<Digest, KnownManifest>();
  const mark = (digest: Digest) => {
    references.add(digest);
    references.add(digest, place.repository);
  };
  let isReadable = true;
  for await (const { digest, record, writtenAt } of scanManifests(place)) {
    await step();
    if (record === undefined) isReadable = false;
    for (const blob of record?.children.blobs ?? []) mark(blob);
    if (untaggedAfter === undefined) mark(digest);
    else {
      const children = record?.children.manifests ?? [];
      manifests.set(digest, { writtenAt, manifests: children, subject: record?.subject });
    }
  }
  const tagged = untaggedAfter === undefined ? new Set<Digest>() : await taggedIn(place);
  // What a damaged record needs is not known, so everything may be.
  const isKnown = isReadable && tagged !== 'unreadable';
  const untagged = isKnown
    ? untaggedManifests({ manifests, tagged }, now - (untaggedAfter ?? 0))
    : [];
  const gone = new Set(untagged);
  for (const digest of manifests.keys()) if (!gone.has(digest)) mark(digest);
  return isKnown ? untagged : 'unreadable';
}

async function taggedIn({
  storage,
  repository,
}: RepositoryPlace): Promise<ReadonlySet<Digest> | 'unreadable'> {
  const read = ({ key }: { readonly key: string }) =>
    orDamaged(findTagRecord(storage, repository, tagOfKey(key)));
  const digests = new Set<Digest>();
  for await (const tag of mapStream(storage.list(tagPrefix(repository)), READS, read)) {
    if (tag === 'damaged') return 'unreadable';
    if (tag !== undefined) digests.add(tag.digest);
  }
  return digests;
}
