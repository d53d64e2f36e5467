// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import { nextTarget, parseLinks } from '../core/oci/link-header.ts';
import { OCI_INDEX, parseMediaType } from '../core/oci/media-type.ts';
import { queryOfPage } from '../core/routing/rewrite-list.ts';
import { requireDescriptors } from './manifest-check.ts';
import type { UpstreamClient, UpstreamHead } from './upstream-client.ts';
import { UpstreamError } from './upstream-error.ts';

/** A subject with more is an attack or a mistake: nobody could verify them all. */
const MOST_REFERRERS = 10_000;
const MOST_PAGES = 100;

export interface ReferrersRequest {
  readonly client: UpstreamClient;
  readonly repository: string;
  /** `referrers/<digest>`. */
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** All pages of the referrers API; undefined when the registry does not have it. */
export async function fetchReferrers(
  request: ReferrersRequest,
): Promise<readonly Descriptor[] | undefined> {
  const { client, repository, path, signal } = request;
  const found: Descriptor[] = [];
  let query: string | undefined = '';
  for (let page = 0; query !== undefined && page < MOST_PAGES; page += 1) {
    if (found.length > MOST_REFERRERS) break;
    const options = { query, accept: OCI_INDEX, signal };
    const answer = await client.get(`/v2/${repository}/${path}`, options);
    // Registries without the API answer 404, or a page of something else: the tag schema is asked then.
    const isList = parseMediaType(answer?.header('content-type') ?? '') === OCI_INDEX;
    if (answer === undefined || !isList) return page === 0 ? undefined : found;
    found.push(...requireDescriptors(answer.bytes, repository));
    query = nextQuery(answer, request);
  }
  if (query === undefined && found.length <= MOST_REFERRERS) return found;
  const subject = path.slice(path.indexOf('/') + 1);
  throw new UpstreamError('too-large', `"${subject}" of "${repository}" has too many referrers`);
}

/** Undefined on the last page. */
function nextQuery(answer: UpstreamHead, request: ReferrersRequest): string | undefined {
  const { client, repository, path } = request;
  const links = parseLinks(answer.header('link') ?? '');
  const target = nextTarget(links ?? []);
  if (links !== undefined && target === undefined) return undefined;
  const names = { upstreamUrl: client.origin, upstreamRepository: repository, path };
  const query = target === undefined ? undefined : queryOfPage(target, names);
  if (query !== undefined) return query;
  const message = `the referrers of "${repository}" go on where they do not belong`;
  throw new UpstreamError('bad-answer', message);
}
