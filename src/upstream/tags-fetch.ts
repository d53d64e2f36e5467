// SPDX-License-Identifier: Apache-2.0
import { nextTarget, parseLinks } from '../core/oci/link-header.ts';
import { parseDocument } from '../core/oci/manifest-document.ts';
import { isTag } from '../core/oci/reference.ts';
import { queryOfPage } from '../core/routing/rewrite-list.ts';
import type { UpstreamClient, UpstreamDocument } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

/** A repository with more is a mistake, or an attack. */
const MOST_TAGS = 1_000_000;
const MOST_PAGES = 10_000;

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
): Promise<readonly string[] | undefined> {
  const tags = new Set<string>();
  const asked = new Set<string>();
  let query: string | undefined = FIRST_PAGE;
  while (query !== undefined) {
    asked.add(query);
    const options = { query, accept: 'application/json', signal };
    const answer = await client.get(`/v2/${repository}/${PATH}`, options);
    if (answer === undefined && asked.size === 1) return undefined;
    for (const tag of tagsOf(answer, repository)) tags.add(tag);
    query = nextQuery(answer, client, repository);
    const isEndless = tags.size > MOST_TAGS || asked.size > MOST_PAGES || asked.has(query ?? '');
    if (isEndless) throw refusal('too-large', repository, 'is too long, or has no end');
  }
  return [...tags];
}

function tagsOf(answer: UpstreamDocument | undefined, repository: string): readonly string[] {
  const document = parseDocument(decodeUtf8(answer?.bytes ?? new Uint8Array()) ?? '');
  const tags = typeof document === 'string' ? undefined : document['tags'];
  // Registries whose language writes an empty list so.
  if (tags === null) return [];
  if (!Array.isArray(tags)) throw refusal('bad-answer', repository, 'is none');
  return tags.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
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
