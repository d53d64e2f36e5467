// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from './digest.ts';

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * Whether a text is a tag.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

const DIGEST_TAG = /^(sha256|sha512)-([a-f0-9]{64})(?:\.(?:sig|att|sbom))?$/;

/**
 * The subject of a tag that stands for a referrer: the referrers tag schema (`sha256-<hex>`) and cosign's
 * tags (`.sig`, `.att`, `.sbom`). A sha512 subject's tag keeps the first 64 characters of its hex, so
 * what comes back is a prefix of the digest, `algorithm:hex`.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function subjectOfTag(tag: string): string | undefined {
  const match = DIGEST_TAG.exec(tag);
  return match === null ? undefined : `${match[1]}:${match[2]}`;
}

/** A reference is a digest or a tag; `undefined` when it is neither. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest };

export function parseReference(text: string): Reference | undefined {
  if (isTag(text)) return { kind: 'tag', tag: text };
  const digest = parseDigest(text);
  return digest === undefined ? undefined : { kind: 'digest', digest };
}
