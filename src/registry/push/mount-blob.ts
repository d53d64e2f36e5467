// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { isRepository } from '../../core/oci/repository.ts';
import type { Visit } from '../registry-ports.ts';
import { linkBlob, statBlob } from '../store/blob-store.ts';
import { claim, isBlobKept } from '../store/keep.ts';
import { linkPrefix, repositoryOfLink } from '../store/layout.ts';

/** Repositories looked through for one that may be pulled. */
const MOST_HOLDERS = 1_000;

/**
 * Lets a repository serve a blob that another one has, if whoever asks may pull it there. Whether it is not
 * there or may not be pulled looks the same, and is the same work.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
 *
 * @returns what was mounted; undefined when an ordinary upload has to do
 */
export async function mountBlob(visit: Visit): Promise<Digest | undefined> {
  const { registry, storage, repository, query, grant } = visit;
  const [text, ...others] = query.get('mount') ?? [];
  const digest = text === undefined ? undefined : parseDigest(text);
  if (digest === undefined || others.length > 0) return undefined;
  const claimed = await claim(registry.condemned, [digest]);
  for await (const holder of holders(visit, digest)) {
    const info = await statBlob({ storage, repository: holder, digest });
    if (info === undefined || !grant.may('pull', holder)) continue;
    const place = { storage, repository, digest };
    await linkBlob(place, info.size);
    return (await isBlobKept(place, claimed)) ? digest : undefined;
  }
  return undefined;
}

/** Where it may be: in the repository that was named, or in any. */
async function* holders(
  { storage, query }: Visit,
  digest: Digest,
): AsyncGenerator<string, void, undefined> {
  const named = query.get('from');
  if (named !== undefined) {
    yield* named.filter(isRepository).slice(0, 1);
    return;
  }
  for await (const { key } of storage.list(linkPrefix(digest), {
    limit: MOST_HOLDERS,
    keysOnly: true,
  })) {
    yield repositoryOfLink(key);
  }
}
