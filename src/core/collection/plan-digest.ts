// SPDX-License-Identifier: Apache-2.0

/** Everything that a store holds of one digest. Times are milliseconds since 1970, by the store's clock. */
export interface Holding {
  readonly bytes: { readonly size: number; readonly writtenAt: number } | undefined;
  readonly links: ReadonlyArray<{ readonly repository: string; readonly writtenAt: number }>;
  /** Repositories in which it is a manifest that nothing leads to. */
  readonly untagged: readonly string[];
  readonly marker: Marker | undefined;
}

/** What a collection has said of a digest, or who pushes has answered. */
export interface Marker {
  /** `alive`: somebody relies on it since. `deleting`: whoever comes now comes too late. */
  readonly state: 'condemned' | 'alive' | 'deleting';
  readonly writtenAt: number;
  /** Whether everybody who pushes has heard of it by the time that the references were read. */
  readonly isAnnounced: boolean;
}

export interface Rules {
  readonly now: number;
  /** Milliseconds: how old something is before it is condemned, and how long it is before it goes. */
  readonly grace: number;
  /** Whether a repository needs the digest; left out, whether any does. */
  readonly isNeeded: (repository?: string) => boolean;
}

/** What nobody needs of a digest. */
export interface Removable {
  /** Repositories whose record of it goes, with its link. */
  readonly manifests: readonly string[];
  /** Repositories whose link goes. */
  readonly links: readonly string[];
  readonly bytes: boolean;
}

export type Verdict = 'keep' | 'condemn' | 'acquit' | 'wait' | 'sweep';

export interface DigestPlan {
  readonly verdict: Verdict;
  readonly removable: Removable;
}

/** Says what becomes of a digest in this collection. */
export function planDigest(holding: Holding, rules: Rules): DigestPlan {
  const removable = removableOf(holding, rules);
  const { manifests, links, bytes } = removable;
  const isAny = manifests.length + links.length > 0 || bytes;
  return { verdict: verdictOn(holding.marker, isAny, rules), removable };
}

function removableOf({ bytes, links, untagged }: Holding, rules: Rules): Removable {
  const isOld = (writtenAt: number) => writtenAt + rules.grace <= rules.now;
  const going = links
    .filter(({ repository, writtenAt }) => isOld(writtenAt) && !rules.isNeeded(repository))
    .map(({ repository }) => repository);
  const linked = new Set(links.map(({ repository }) => repository));
  const manifests = untagged.filter(
    (repository) =>
      !rules.isNeeded(repository) && (going.includes(repository) || !linked.has(repository)),
  );
  const isLast = going.length === links.length && !rules.isNeeded();
  return {
    manifests,
    links: going,
    bytes: isLast && bytes !== undefined && isOld(bytes.writtenAt),
  };
}

function verdictOn(marker: Marker | undefined, isAny: boolean, { now, grace }: Rules): Verdict {
  if (marker === undefined) return isAny ? 'condemn' : 'keep';
  if (marker.state === 'alive' || !isAny) return 'acquit';
  if (!marker.isAnnounced) return 'wait';
  // Somebody broke off in the middle of it.
  if (marker.state === 'deleting') return 'sweep';
  return marker.writtenAt + grace <= now ? 'sweep' : 'wait';
}
