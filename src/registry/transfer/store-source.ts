// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../core/oci/descriptor.ts';
import { algorithmOf, type Digest } from '../../core/oci/digest.ts';
import { type ListPage, LONGEST_PAGE } from '../../core/oci/list-page.ts';
import { parseReference } from '../../core/oci/reference.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import type { ManifestBytes } from '../../upstream/image-source.ts';
import { listRepositories } from '../pull/catalog.ts';
import { openBlob } from '../store/blob-store.ts';
import { findManifest, readManifest } from '../store/find-manifest.ts';
import { blobKey } from '../store/layout.ts';
import { isKnownRepository, listReferrers, listTags } from '../store/lists.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findTagRecord } from '../store/records.ts';
import { StoreError } from '../store/store-error.ts';
import { digestOf } from '../store/verify-body.ts';

/** A registry to be read as a whole, from its store: no process has to serve it, and no rule of access is asked. */
export function storeSource(storage: StorageDriver) {
  const place = (repository: string): RepositoryPlace => ({ storage, repository });
  return {
    name: storage.name,
    listRepositories: async () => (await listRepositories(storage)).map((name) => ({ name })),
    /** Undefined when there is no such repository. */
    async listTags(repository: string) {
      const tags = await allTags(place(repository));
      const isKnown = tags.length > 0 || (await isKnownRepository(place(repository)));
      return isKnown ? { tags, digests: new Map<string, Digest>() } : undefined;
    },
    digestOfTag: async (repository: string, tag: string): Promise<Digest | undefined> =>
      (await findTagRecord(storage, repository, tag))?.digest,
    listReferrers: (repository: string, subject: Digest): Promise<readonly Descriptor[]> =>
      allReferrers(place(repository), subject),
    content: (repository: string) => ({
      fetchManifest: (reference: string) => manifestOf(place(repository), reference),
      fetchBlob: async (digest: Digest, signal?: AbortSignal) =>
        (await openBlob({ storage, repository, digest }, undefined, signal))?.body,
    }),
  };
}

async function allTags(place: RepositoryPlace): Promise<readonly string[]> {
  const tags: string[] = [];
  for (let last: string | undefined = ''; last !== undefined; ) {
    const page = await listTags(place, pageAfter(last));
    tags.push(...page.entries);
    last = page.next;
  }
  return tags;
}

async function allReferrers(
  place: RepositoryPlace,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const descriptors: Descriptor[] = [];
  for (let last: string | undefined = ''; last !== undefined; ) {
    const page = await listReferrers(place, subject, pageAfter(last));
    descriptors.push(...page.descriptors);
    last = page.next;
  }
  return descriptors;
}

function pageAfter(last: string): ListPage {
  return { limit: LONGEST_PAGE, ...(last !== '' && { last }) };
}

async function manifestOf(
  place: RepositoryPlace,
  text: string,
): Promise<ManifestBytes | undefined> {
  const reference = parseReference(text);
  const found = reference && (await findManifest(place, reference));
  const bytes = found && (await readManifest(place, found));
  if (found === undefined || bytes === undefined) return undefined;
  const { digest, mediaType } = found;
  if (digestOf(bytes, algorithmOf(digest)) === digest) return { digest, mediaType, bytes };
  throw new StoreError('damaged', blobKey(digest), 'the bytes of a manifest are others');
}
