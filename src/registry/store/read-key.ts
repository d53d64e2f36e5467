// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { isTag } from '../../core/oci/reference.ts';
import { isRepository } from '../../core/oci/repository.ts';
import {
  blobKey,
  LAYOUT_KEY,
  LINKS_PREFIX,
  linkKey,
  manifestKey,
  REPOSITORIES_PREFIX,
  REPOSITORY_END,
  referrerKey,
  referrerOfKey,
  repositoryOfLink,
  repositoryPrefix,
  TOKEN_KEY_KEY,
  tagKey,
} from './layout.ts';

/** What a key of a registry's store stands for. */
export type StoreKey =
  | { readonly kind: 'layout' }
  | { readonly kind: 'token-key' }
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'link'; readonly digest: Digest; readonly repository: string }
  | { readonly kind: 'manifest'; readonly digest: Digest; readonly repository: string }
  | { readonly kind: 'tag'; readonly tag: string; readonly repository: string }
  | {
      readonly kind: 'referrer';
      readonly repository: string;
      readonly subject: Digest;
      readonly referrer: Digest;
    }
  /** What is under way, such as uploads: not looked at. */
  | { readonly kind: 'other' }
  /** A key that this program does not write. */
  | { readonly kind: 'stray' };

const STRAY: StoreKey = { kind: 'stray' };

export function readKey(key: string): StoreKey {
  if (key === LAYOUT_KEY) return { kind: 'layout' };
  if (key === TOKEN_KEY_KEY) return { kind: 'token-key' };
  if (key.startsWith('blobs/')) return readBlobKey(key);
  if (key.startsWith(LINKS_PREFIX)) return readLinkKey(key);
  if (key.startsWith(REPOSITORIES_PREFIX)) return readRepositoryKey(key);
  return /^(?:uploads|gc|events)\//.test(key) ? { kind: 'other' } : STRAY;
}

function readBlobKey(key: string): StoreKey {
  const digest = digestAt(key, 1);
  return digest !== undefined && blobKey(digest) === key ? { kind: 'blob', digest } : STRAY;
}

function readLinkKey(key: string): StoreKey {
  const digest = digestAt(key, 1);
  const repository = repositoryOfLink(key);
  if (digest === undefined || !isRepository(repository)) return STRAY;
  return linkKey(digest, repository) === key ? { kind: 'link', digest, repository } : STRAY;
}

function readRepositoryKey(key: string): StoreKey {
  const repository = key.slice(REPOSITORIES_PREFIX.length, key.indexOf(REPOSITORY_END));
  if (!isRepository(repository)) return STRAY;
  const inside = key.slice(repositoryPrefix(repository).length);
  const [area, name = ''] = inside.split('/');
  if (area === 'tags') {
    return isTag(name) && tagKey(repository, name) === key
      ? { kind: 'tag', tag: name, repository }
      : STRAY;
  }
  const digest = digestAt(inside, 1);
  if (digest === undefined) return STRAY;
  if (manifestKey(repository, digest) === key) return { kind: 'manifest', digest, repository };
  const referrer = referrerOfKey(key);
  if (referrer === undefined) return STRAY;
  const place = { repository, subject: digest, referrer };
  return referrerKey(place) === key ? { kind: 'referrer', ...place } : STRAY;
}

/** The digest whose algorithm is this segment, and whose hex the next one. */
function digestAt(key: string, segment: number): Digest | undefined {
  return parseDigest(
    key
      .split('/')
      .slice(segment, segment + 2)
      .join(':'),
  );
}
