// SPDX-License-Identifier: Apache-2.0
import type { Selection } from '../core/mirroring/selection.ts';
import type { Digest } from '../core/oci/digest.ts';

/** That a repository of the source has got a manifest, or that a tag points at it. */
export interface SourceChange {
  readonly repository: string;
  readonly digest: Digest;
  readonly tag?: string | undefined;
  /** What the manifest is about. */
  readonly subject?: Digest | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface ChangePage {
  readonly changes: readonly SourceChange[];
  /** Where to go on after them. */
  readonly cursor: string;
}

/** What changes in a source, in one order: whoever reads on from a cursor misses nothing. */
export interface ChangeFeed {
  /** Where it ends now. What comes before is in the source, for whoever looks after this. */
  end(): Promise<string>;
  /** What comes next, none when there is no more for now; undefined when that is not known any more. */
  since(cursor: string): Promise<ChangePage | undefined>;
}

/** Manifests that are to be looked at, by repository, and since when they are there. */
export type WantedChanges = ReadonlyMap<string, ReadonlyMap<Digest, number>>;

/**
 * Whether a change may bring something that is wanted. A manifest without a tag is reached from what lists it, when
 * that gets one; what is about another is looked at whatever its tag, as there is nothing that would lead to it.
 */
export function isWantedChange(
  { repository, tag, subject }: SourceChange,
  selections: readonly Selection[],
): boolean {
  const own = selections.filter(({ meansRepository }) => meansRepository(repository));
  if (subject !== undefined || (tag !== undefined && ABOUT.test(tag))) return own.length > 0;
  return tag !== undefined && own.some(({ meansTag }) => meansTag(tag, repository));
}

/** `sha256-<hex>`, perhaps with `.sig` or the like behind it. */
const ABOUT = /^(?:sha256|sha512)-[a-f0-9]{64}/;
