// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from './digest.ts';
import { parseReference, type Reference } from './reference.ts';
import type { ErrorCode } from './registry-error.ts';
import { isRepository } from './repository.ts';
import { parseUploadId, type UploadId } from './upload-id.ts';

/**
 * A path of the distribution API.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
 */
export type RegistryRoute =
  | { readonly kind: 'api-check' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: Reference }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'uploads'; readonly repository: string }
  /** An `id` of undefined is one that no upload session can have. */
  | { readonly kind: 'upload'; readonly repository: string; readonly id: UploadId | undefined }
  | { readonly kind: 'invalid'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'unknown' };

/**
 * Reads a path that is still percent-encoded.
 *
 * A repository name may itself contain `/blobs/`, so the path is read from its end: the last segment
 * is the identifier, the one before it says what kind. Segments are told apart before they are decoded,
 * once: an encoded slash is a character of a name, and no name has one.
 */
export function parseRegistryRoute(path: string): RegistryRoute {
  if (path === '/v2' || path === '/v2/') return { kind: 'api-check' };
  if (!path.startsWith('/v2/')) return { kind: 'unknown' };
  const last = path.lastIndexOf('/');
  const identifier = decoded(path.slice(last + 1));
  if (last === 3) return identifier === '_catalog' ? { kind: 'catalog' } : { kind: 'unknown' };
  const beforeLast = path.lastIndexOf('/', last - 1);
  // Empty for `/v2/manifests/x`, which is then refused as a name.
  const repository = decoded(path.slice(4, Math.max(4, beforeLast)));
  switch (decoded(path.slice(beforeLast + 1, last))) {
    case 'manifests':
      return manifestRoute(repository, identifier);
    case 'blobs':
      return digestRoute('blob', repository, identifier);
    case 'referrers':
      return digestRoute('referrers', repository, identifier);
    case 'tags':
      return identifier === 'list' ? tagsRoute(repository) : { kind: 'unknown' };
    case 'uploads':
      return uploadRoute(path.slice(0, beforeLast), identifier);
    case '_catalog':
      return identifier === '' && beforeLast === 3 ? { kind: 'catalog' } : { kind: 'unknown' };
    default:
      return { kind: 'unknown' };
  }
}

/** Undefined when the encoding is malformed, or hides a slash. */
function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%2f/i.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // the only thing it throws is that the encoding is malformed
  }
}

function tagsRoute(repository: string | undefined): RegistryRoute {
  return isName(repository) ? { kind: 'tags', repository } : NAME_INVALID;
}

function manifestRoute(
  repository: string | undefined,
  identifier: string | undefined,
): RegistryRoute {
  if (!isName(repository)) return NAME_INVALID;
  const reference = identifier === undefined ? undefined : parseReference(identifier);
  if (reference !== undefined) return { kind: 'manifest', repository, reference };
  return identifier?.includes(':') ? DIGEST_INVALID : REFERENCE_INVALID;
}

function digestRoute(
  kind: 'blob' | 'referrers',
  repository: string | undefined,
  identifier: string | undefined,
): RegistryRoute {
  if (!isName(repository)) return NAME_INVALID;
  const digest = identifier === undefined ? undefined : parseDigest(identifier);
  return digest === undefined ? DIGEST_INVALID : { kind, repository, digest };
}

/** @param path what comes before `/uploads`, still encoded */
function uploadRoute(path: string, identifier: string | undefined): RegistryRoute {
  const before = path.lastIndexOf('/');
  if (path.slice(before + 1) !== 'blobs') return { kind: 'unknown' };
  const repository = decoded(path.slice(4, Math.max(4, before)));
  if (!isName(repository)) return NAME_INVALID;
  if (identifier === '') return { kind: 'uploads', repository };
  const id = identifier === undefined ? undefined : parseUploadId(identifier);
  return { kind: 'upload', repository, id };
}

function isName(repository: string | undefined): repository is string {
  return repository !== undefined && isRepository(repository);
}

const NAME_INVALID = {
  kind: 'invalid',
  code: 'NAME_INVALID',
  message: 'invalid repository name: lower-case letters, digits and separators, 255 at most',
} as const;

const DIGEST_INVALID = {
  kind: 'invalid',
  code: 'DIGEST_INVALID',
  message: 'invalid digest: sha256 with 64 or sha512 with 128 lower-case hexadecimal digits',
} as const;

const REFERENCE_INVALID = {
  kind: 'invalid',
  code: 'MANIFEST_INVALID',
  message: 'invalid reference: neither a tag nor a digest',
} as const;
