// SPDX-License-Identifier: Apache-2.0
import { diffRanges, type RangeDiff } from '../core/net/range-diff.ts';
import { type GuardLimits, guardRanges } from '../core/net/range-guard.ts';
import type { RangeCopies } from './copies.ts';
import { feedFile, feedName, parseFeed, type RangeFeed } from './feed-files.ts';
import { type FeedState, fingerprint, readState, writeState } from './feed-state.ts';
import type { FeedSource } from './feed-urls.ts';
import { type KeptCopy, lastGoodCopy, previousFile } from './last-good-copy.ts';

export interface RefreshPorts {
  /** Fetches a feed unless it still has this tag. Rejects when it cannot be had. */
  readonly fetch: (url: string, known: { readonly etag: string | undefined }) => Promise<Fetched>;
  readonly copies: RangeCopies;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type Fetched =
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'fetched'; readonly etag: string | undefined; readonly text: string };

export interface RefreshLimits extends GuardLimits {
  /** Takes what the guard refuses. What cannot be read is refused all the same. */
  readonly isForced?: boolean;
}

/** What became of one feed. `copy` is the fingerprint of the copy that is there now. */
export type RefreshOutcome =
  | { readonly kind: 'unchanged'; readonly feed: string; readonly copy: string }
  | UpdatedFeed
  /** It came, and is not to be believed: the old copy stays. */
  | { readonly kind: 'refused'; readonly feed: string; readonly reasons: readonly string[] }
  /** It did not come, or could not be kept. */
  | { readonly kind: 'failed'; readonly feed: string; readonly error: unknown }
  /** Nobody said where it is fetched. */
  | { readonly kind: 'skipped'; readonly feed: string };

export interface UpdatedFeed {
  readonly kind: 'updated';
  readonly feed: string;
  readonly copy: string;
  readonly entries: number;
  /** Against the last good copy; undefined for the first. */
  readonly diff: RangeDiff | undefined;
}

/** Fetches the feeds side by side. Never rejects, and never puts a worse copy in the place of a good one. */
export function refreshFeeds(
  sources: readonly FeedSource[],
  limits: RefreshLimits,
  ports: RefreshPorts,
): Promise<readonly RefreshOutcome[]> {
  return Promise.all(
    sources.map(async ({ feed, url }): Promise<RefreshOutcome> => {
      const name = feedName(feed);
      if (url === undefined) return { kind: 'skipped', feed: name };
      try {
        return await refreshFeed({ feed, url }, limits, ports);
      } catch (error) {
        return { kind: 'failed', feed: name, error };
      }
    }),
  );
}

interface KnownSource {
  readonly feed: RangeFeed;
  readonly url: string;
}

async function refreshFeed(
  source: KnownSource,
  limits: RefreshLimits,
  ports: RefreshPorts,
): Promise<RefreshOutcome> {
  const { feed, url } = source;
  const name = feedName(feed);
  const kept = await lastGoodCopy(ports.copies, feed);
  const known = usableTag(await readState(ports.copies, feed), url, kept);
  const answer = await ports.fetch(url, { etag: known });
  const next = answer.kind === 'fetched' ? answer : kept && { text: kept.text, etag: known };
  if (next === undefined) {
    return { kind: 'refused', feed: name, reasons: ['"not modified", though no copy is here'] };
  }
  if (kept?.isCurrent === true && kept.text === next.text) {
    return { kind: 'unchanged', feed: name, copy: await confirm(source, next, ports) };
  }
  const result = parseFeed(feed, next.text);
  if (!result.ok) return { kind: 'refused', feed: name, reasons: result.problems };
  const diff = kept && diffRanges(kept.entries, result.entries);
  const reasons = limits.isForced === true ? [] : guardRanges(result.entries, diff, limits);
  if (reasons.length > 0) return { kind: 'refused', feed: name, reasons };
  // The older one first: whatever stops this here or there, a good copy is in its place.
  if (kept?.isCurrent === true) await ports.copies.write(previousFile(feed), kept.text);
  await ports.copies.write(feedFile(feed), next.text);
  const copy = await confirm(source, next, ports);
  return { kind: 'updated', feed: name, copy, entries: result.entries.length, diff };
}

/** A tag is one of a copy that came from this address and is still there as it came. */
function usableTag(
  state: FeedState | undefined,
  url: string,
  kept: KeptCopy | undefined,
): string | undefined {
  if (state?.url !== url || kept?.isCurrent !== true) return undefined;
  return state.sha256 === fingerprint(kept.text) ? state.etag : undefined;
}

interface ConfirmedCopy {
  readonly text: string;
  readonly etag: string | undefined;
}

/** Keeps what the next request needs to know; the fingerprint of the copy. */
async function confirm(
  { feed, url }: KnownSource,
  { text, etag }: ConfirmedCopy,
  { copies, now }: RefreshPorts,
): Promise<string> {
  const sha256 = fingerprint(text);
  await writeState(copies, feed, { url, etag, sha256, checked: now() });
  return sha256;
}
