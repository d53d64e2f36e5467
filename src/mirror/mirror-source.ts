// SPDX-License-Identifier: Apache-2.0

import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import { parseDigest } from '../core/oci/digest.ts';
import { ACCEPT_MANIFESTS } from '../core/oci/media-type.ts';
import { isRepository } from '../core/oci/repository.ts';
import { fetchCatalog } from '../upstream/catalog-fetch.ts';
import { fetchChildren } from '../upstream/children-fetch.ts';
import type { ImageSource } from '../upstream/image-source.ts';
import { layoutReferences, ociLayoutSource } from '../upstream/oci-layout.ts';
import { fetchReferrers } from '../upstream/referrers.ts';
import { registrySource } from '../upstream/registry-source.ts';
import { fetchTags } from '../upstream/tags-fetch.ts';
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';

/** What is mirrored from. */
export interface MirrorSource {
  /** Stays the same from run to run: what is remembered of the source goes by it. */
  readonly name: string;
  /** Every repository there is below the given names, and perhaps others. */
  listRepositories(
    below: readonly string[],
    signal: AbortSignal,
  ): Promise<Iterable<ListedRepository>>;
  /** Undefined when there is no such repository. */
  listTags(repository: string, signal: AbortSignal): Promise<ListedTags | undefined>;
  /** What a tag points at, as the source says it; undefined when it does not. Only good to compare with what is known. */
  digestOfTag(repository: string, tag: string, signal: AbortSignal): Promise<Digest | undefined>;
  /** Undefined when the source has no way to say: what is about something then has a tag. */
  listReferrers(
    repository: string,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly Descriptor[] | undefined>;
  content(repository: string): MirroredContent;
}

export interface MirroredContent extends Pick<ImageSource, 'fetchManifest' | 'fetchBlob'> {
  /** Bytes of what no manifest says them of; undefined when it is not there. */
  readonly sizeOfBlob?: (digest: Digest, signal: AbortSignal) => Promise<number | undefined>;
}

export interface ListedRepository {
  readonly name: string;
  /** Where they came with the name: then nobody has to ask for them. */
  readonly listed?: ListedTags | undefined;
}

export interface ListedTags {
  readonly tags: readonly string[];
  /** What some of them point at, as the list says it. */
  readonly digests: ReadonlyMap<string, Digest>;
}

/** A registry, through a client that whoever opened it closes. */
export function mirroredRegistry(client: UpstreamClient): MirrorSource {
  const name = client.origin;
  return {
    name,
    listRepositories: (below, signal) => repositoriesOf(client, below, signal),
    listTags: (repository, signal) => fetchTags(client, repository, signal),
    async digestOfTag(repository, tag, signal) {
      const options = { accept: ACCEPT_MANIFESTS, signal };
      const head = await client.head(`/v2/${repository}/manifests/${tag}`, options);
      return parseDigest(head?.header('docker-content-digest') ?? '');
    },
    listReferrers: (repository, subject, signal) =>
      fetchReferrers({ client, repository, path: `referrers/${subject}`, signal }),
    content: (repository) => ({
      ...registrySource(client, repository, { name: `${name}/${repository}`, readsSchema1: true }),
      async sizeOfBlob(digest, signal) {
        const head = await client.head(`/v2/${repository}/blobs/${digest}`, { signal });
        const length = head?.header('content-length') ?? '';
        return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
      },
    }),
  };
}

/** By the catalogue, or, where there is none, by what Google's registries list below a name. */
async function repositoriesOf(
  client: UpstreamClient,
  below: readonly string[],
  signal: AbortSignal,
): Promise<Iterable<ListedRepository>> {
  try {
    const { names } = await fetchCatalog(client, { prefix: '', signal });
    return [...names].map((name) => ({ name }));
  } catch (error) {
    const hasNone =
      error instanceof UpstreamError && NO_CATALOGUE.has(error.code) && below.every(isRepository);
    if (!hasNone || below.length === 0) throw error;
    // What is wrong with the lists instead is no help to whoever has to name repositories.
    const found = await fetchChildren(client, below, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found === undefined) throw error;
    return found.map(({ name, tags: listed }) => ({ name, listed }));
  }
}

const NO_CATALOGUE: ReadonlySet<string> = new Set(['bad-answer', 'unauthorized', 'status']);

/** What everything in a layout is said to be a repository of: a layout has no names of its own for them. */
export const LAYOUT_REPOSITORY = 'layout';

/**
 * The folder of an image layout, as one repository. What its index names by nothing but a digest counts as a tag.
 *
 * @throws UpstreamError for what is no layout
 */
export async function mirroredLayout(directory: string): Promise<MirrorSource> {
  const source = await ociLayoutSource(directory);
  const references = await layoutReferences(directory);
  return {
    name: source.name,
    listRepositories: async () => [{ name: LAYOUT_REPOSITORY }],
    listTags: async () => ({ tags: references, digests: new Map() }),
    digestOfTag: async (_, tag, signal) => (await source.fetchManifest(tag, signal))?.digest,
    listReferrers: (_, subject, signal) => source.listReferrers(subject, signal),
    content: () => source,
  };
}
