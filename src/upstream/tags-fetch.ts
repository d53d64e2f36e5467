// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../core/oci/digest.ts';
import { nextTarget, parseLinks } from '../core/oci/link-header.ts';
import { parseTagListing, type TagListing } from '../core/oci/tag-listing.ts';
import { queryOfPage } from '../core/routing/rewrite-list.ts';
import type { UpstreamClient, UpstreamDocument } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

/** All pages of a list of tags as one. */
export interface TagList {
  readonly tags: readonly string[];
  /** What tags point at, where the list itself says so; a tag of which it says two things is not among them. */
  readonly digests: ReadonlyMap<string, Digest>;
  /** Names one part below, where the registry says them: then it says all of them. */
  readonly children: readonly string[] | undefined;
}

/** A repository with more is a mistake, or an attack. */
const MOST_TAGS = 1_000_000;
const MOST_PAGES = 10_000;
/** Google's registries put some 300 bytes beside each digest, and more than they are asked for on a page when they like. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** As many as registries give at most; those that give fewer say where the next are. */
const FIRST_PAGE = '?n=1000';
const PATH = 'tags/list';

/**
 * All tags of a repository, or an UpstreamError: a part of them would pass for all. Names outside the grammar, which
 * nobody can ask for, are left out. Undefined when there is no such repository.
 */
export async function fetchTags(
  client: UpstreamClient,
  repository: string,
  signal?: AbortSignal,
): Promise<TagList | undefined> {
  const pages = listedPages();
  const asked = new Set<string>();
  let query: string | undefined = FIRST_PAGE;
  while (query !== undefined) {
    asked.add(query);
    const options = { query, accept: 'application/json', signal, maxBytes: PAGE_BYTES };
    const answer = await client.get(`/v2/${repository}/${PATH}`, options);
    if (answer === undefined && asked.size === 1) return undefined;
    pages.add(listingOf(answer, repository));
    query = nextQuery(answer, client, repository);
    const isEndless = pages.size() > MOST_TAGS || asked.size > MOST_PAGES || asked.has(query ?? '');
    if (isEndless) throw refusal('too-large', repository, 'is too long, or has no end');
  }
  return pages.all();
}

interface ListedPages {
  add(page: TagListing): void;
  size(): number;
  all(): TagList;
}

function listedPages(): ListedPages {
  const tags = new Set<string>();
  const children = new Set<string>();
  const digests = new Map<string, Digest | undefined>();
  let saysChildren = false;
  return {
    add(page) {
      for (const tag of page.tags) tags.add(tag);
      for (const child of page.children ?? []) children.add(child);
      saysChildren ||= page.children !== undefined;
      for (const [tag, digest] of page.digests) {
        const isSame = !digests.has(tag) || digests.get(tag) === digest;
        digests.set(tag, isSame ? digest : undefined);
      }
    },
    size: () => tags.size + digests.size + children.size,
    all() {
      const certain = [...digests].filter(
        (pair): pair is [string, Digest] => pair[1] !== undefined,
      );
      return {
        tags: [...tags],
        digests: new Map(certain),
        children: saysChildren ? [...children] : undefined,
      };
    },
  };
}

function listingOf(answer: UpstreamDocument | undefined, repository: string): TagListing {
  const listing = parseTagListing(decodeUtf8(answer?.bytes ?? new Uint8Array()) ?? '');
  if (listing !== undefined) return listing;
  throw refusal('bad-answer', repository, 'is none');
}

/** Undefined on the last page. */
function nextQuery(
  answer: UpstreamDocument | undefined,
  { origin }: UpstreamClient,
  repository: string,
): string | undefined {
  const links = parseLinks(answer?.header('link') ?? '');
  const target = nextTarget(links ?? []);
  if (links !== undefined && target === undefined) return undefined;
  const names = { upstreamUrl: origin, upstreamRepository: repository, path: PATH };
  const query = target === undefined ? undefined : queryOfPage(target, names);
  if (query !== undefined) return query;
  throw refusal('bad-answer', repository, 'goes on where it does not belong');
}

function refusal(code: 'bad-answer' | 'too-large', repository: string, what: string) {
  return new UpstreamError(code, `the list of tags of "${repository}" ${what}`);
}
