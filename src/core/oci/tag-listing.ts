// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from './digest.ts';
import { isObject } from './json-object.ts';
import { parseDocument } from './manifest-document.ts';
import { isTag } from './reference.ts';
import { isRepository } from './repository.ts';

/** One page of a registry's list of tags. Names that nobody can ask for are left out. */
export interface TagListing {
  readonly tags: readonly string[];
  /** What tags point at, as Google's registries say; the same tag may come twice. */
  readonly digests: ReadonlyArray<readonly [tag: string, digest: Digest]>;
  /** Names one part below, as Google's registries say; undefined where the registry does not. */
  readonly children: readonly string[] | undefined;
}

/**
 * Reads a page of tags; undefined when it is none. Whatever else is in it besides the tags is a help and no more: what
 * of it is not as it should be is passed over.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function parseTagListing(text: string): TagListing | undefined {
  const document = parseDocument(text);
  if (typeof document === 'string') return undefined;
  const { tags, manifest, child } = document;
  // Null at registries whose language writes an empty list so.
  if (tags !== null && !Array.isArray(tags)) return undefined;
  return {
    tags: tagsIn(tags),
    digests: isObject(manifest) ? digestsIn(manifest) : [],
    children: Array.isArray(child) ? child.filter(isPart) : undefined,
  };
}

function tagsIn(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
}

function isPart(value: unknown): value is string {
  return typeof value === 'string' && isRepository(value) && !value.includes('/');
}

function digestsIn(manifest: Readonly<Record<string, unknown>>): Array<readonly [string, Digest]> {
  return Object.entries(manifest).flatMap(([key, entry]) => {
    const digest = parseDigest(key);
    if (digest === undefined || !isObject(entry)) return [];
    return tagsIn(entry['tag']).map((tag) => [tag, digest] as const);
  });
}
