// SPDX-License-Identifier: Apache-2.0
import type { MirrorSource } from '../../src/mirror/mirror-source.ts';
import { type MemorySource, memorySource } from '../../src/registry/transfer/memory-source.ts';

export interface FakeMirrorSource extends MirrorSource {
  /** The content of all repositories. */
  readonly images: MemorySource;
  tag(repository: string, tag: string, digest: Parameters<MemorySource['tag']>[1]): void;
  /** @returns whether there was such a tag */
  untag(repository: string, tag: string): boolean;
  pointedAt(repository: string, tag: string): Parameters<MemorySource['tag']>[1] | undefined;
  /** Every tag there is, as `repository` and `tag`. */
  tagged(): ReadonlyArray<readonly [repository: string, tag: string]>;
  /** What it was asked, one line each; to be emptied by the test. */
  readonly asked: string[];
  hasReferrersApi: boolean;
}

/** Repositories in memory over the same content. */
export function fakeMirrorSource(): FakeMirrorSource {
  const images = memorySource('fake');
  const tags = new Map<string, Map<string, Parameters<MemorySource['tag']>[1]>>();
  const asked: string[] = [];
  const source: FakeMirrorSource = {
    name: 'https://fake.example',
    images,
    asked,
    hasReferrersApi: true,
    tag(repository, tag, digest) {
      const own = tags.get(repository) ?? new Map();
      tags.set(repository, own.set(tag, digest));
    },
    untag: (repository, tag) => tags.get(repository)?.delete(tag) === true,
    pointedAt: (repository, tag) => tags.get(repository)?.get(tag),
    tagged: () =>
      [...tags].flatMap(([repository, own]) =>
        [...own.keys()].map((tag) => [repository, tag] as const),
      ),
    async listRepositories() {
      asked.push('catalog');
      return [...tags.keys()].map((name) => ({ name }));
    },
    async listTags(repository) {
      asked.push(`tags ${repository}`);
      const own = tags.get(repository);
      return own && { tags: [...own.keys()], digests: new Map() };
    },
    async digestOfTag(repository, tag) {
      asked.push(`head ${repository}:${tag}`);
      return tags.get(repository)?.get(tag);
    },
    async listReferrers(_, subject) {
      asked.push(`referrers ${subject}`);
      return source.hasReferrersApi ? images.listReferrers(subject) : undefined;
    },
    content: (repository) => ({
      async fetchManifest(reference) {
        asked.push(`manifest ${reference}`);
        return images.fetchManifest(tags.get(repository)?.get(reference) ?? reference);
      },
      async fetchBlob(digest) {
        asked.push(`blob ${digest}`);
        return images.fetchBlob(digest);
      },
    }),
  };
  return source;
}
