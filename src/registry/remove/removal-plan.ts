// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { findManifestRecord, type ManifestRecord } from '../store/records.ts';
import { orDamaged, scanManifests, scanReferrers, scanTags } from '../store/repository-scan.ts';

/** Manifests that are to go, with what is known of them; undefined for one whose record is damaged. */
export type Removed = ReadonlyMap<Digest, ManifestRecord | undefined>;

export interface PlanOptions {
  readonly root: Digest;
  /** Also what only the root leads to: manifests that it lists, and what is about one of them. */
  readonly recursive: boolean;
  /** Whether a tag counts as a reason to keep what it points at. */
  readonly keeps: (tag: string, digest: Digest) => boolean;
}

export type RemovalPlan =
  | { readonly kind: 'remove'; readonly manifests: Removed }
  /** Something else needs the root; what it is, as text. */
  | { readonly kind: 'keep'; readonly because: string };

/** Finds out which manifests go with one. */
export async function planRemoval(
  place: RepositoryPlace,
  options: PlanOptions,
): Promise<RemovalPlan> {
  const { root, recursive } = options;
  const reached = await reach(place, root, recursive);
  const kept = await keptAmong(place, reached, options);
  const because = kept.get(root);
  if (because !== undefined) return { kind: 'keep', because };
  spread(reached, kept);
  const manifests = new Map([...reached].filter(([digest]) => !kept.has(digest)));
  return {
    kind: 'remove',
    manifests: new Map([...manifests].map(([digest, { record }]) => [digest, record])),
  };
}

interface Reached {
  readonly record: ManifestRecord | undefined;
  /** What it leads to: what it lists, and what is about it. */
  readonly next: readonly Digest[];
}

/** No recursion, and each digest once, in whatever circles they lead. */
async function reach(
  place: RepositoryPlace,
  root: Digest,
  recursive: boolean,
): Promise<Map<Digest, Reached>> {
  const reached = new Map<Digest, Reached>();
  const open = [root];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (reached.has(digest)) continue;
    const found = await orDamaged(findManifestRecord(place.storage, place.repository, digest));
    if (found === undefined) continue;
    const record = found === 'damaged' ? undefined : found;
    const next = recursive ? await nextOf(place, digest, record) : [];
    reached.set(digest, { record, next });
    open.push(...next);
  }
  return reached;
}

async function nextOf(
  place: RepositoryPlace,
  digest: Digest,
  record: ManifestRecord | undefined,
): Promise<Digest[]> {
  const next = [...(record?.children.manifests ?? [])];
  for await (const referrer of scanReferrers(place, digest)) next.push(referrer);
  return next;
}

/** Those among the reached that something else leads to, with what it is. */
async function keptAmong(
  place: RepositoryPlace,
  reached: ReadonlyMap<Digest, Reached>,
  { root, keeps }: PlanOptions,
): Promise<Map<Digest, string>> {
  const kept = new Map<Digest, string>();
  for await (const { tag, digest } of scanTags(place)) {
    if (reached.has(digest) && keeps(tag, digest))
      kept.set(digest, `the tag "${tag}" points at it`);
  }
  for await (const { digest, record } of scanManifests(place)) {
    const isOutside = !reached.has(digest);
    for (const child of isOutside ? (record?.children.manifests ?? []) : []) {
      if (reached.has(child)) kept.set(child, `the index "${digest}" lists it`);
    }
    // About something that stays: it was reached because the root lists it, too.
    const subject = record?.subject;
    const isAboutAnother = subject !== undefined && !reached.has(subject) && digest !== root;
    if (!isOutside && isAboutAnother) kept.set(digest, `it is about "${subject}"`);
  }
  return kept;
}

/** What something kept leads to is kept as well. */
function spread(reached: ReadonlyMap<Digest, Reached>, kept: Map<Digest, string>): void {
  // A map goes on to what is added while it is walked.
  for (const digest of kept.keys()) {
    for (const next of reached.get(digest)?.next ?? []) kept.set(next, `"${digest}" needs it`);
  }
}
