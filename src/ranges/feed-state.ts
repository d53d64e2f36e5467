// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { RangeCopies } from './copies.ts';
import { feedFile, type RangeFeed } from './feed-files.ts';

/** What is known of a copy, kept beside it as `<file>.etag`. */
export interface FeedState {
  /** Where the copy came from: the tag of another address says nothing. */
  readonly url: string;
  readonly etag: string | undefined;
  /** Of the copy, in hex: somebody may have put another one in its place. */
  readonly sha256: string;
  /** When the provider last confirmed it, in milliseconds since 1970. */
  readonly checked: number;
}

export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function stateFile(feed: RangeFeed): string {
  return `${feedFile(feed)}.etag`;
}

/** Undefined when there is none, or none that can be read: then the feed is fetched whole. */
export async function readState(
  copies: RangeCopies,
  feed: RangeFeed,
): Promise<FeedState | undefined> {
  const text = await copies.read(stateFile(feed));
  return text === undefined ? undefined : parseState(text);
}

export async function writeState(
  copies: RangeCopies,
  feed: RangeFeed,
  state: FeedState,
): Promise<void> {
  await copies.write(stateFile(feed), `${JSON.stringify(state)}\n`);
}

// RFC 9110 section 8.8.3. What is in a file must not become another header.
const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,1024}"$/;

function parseState(text: string): FeedState | undefined {
  try {
    const { url, etag, sha256, checked } = JSON.parse(text) ?? {};
    if (typeof url !== 'string' || typeof sha256 !== 'string') return undefined;
    if (typeof checked !== 'number') return undefined;
    const isTag = typeof etag === 'string' && ENTITY_TAG.test(etag);
    return { url, etag: isTag ? etag : undefined, sha256, checked };
  } catch {
    return undefined; // somebody's own file
  }
}
