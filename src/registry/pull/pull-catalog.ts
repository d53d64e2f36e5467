// SPDX-License-Identifier: Apache-2.0
import type { CutPage, ListPage } from '../../core/oci/list-page.ts';
import { CATALOG_PATH } from '../../core/routing/catalog-page.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import type { Grant } from '../access.ts';
import type { Registry } from '../registry-ports.ts';
import { badRequest, denied } from '../store/refusals.ts';
import { repositoryNames } from '../store/repository-names.ts';
import { listHeaders, nextLink, requirePage, requireQuery } from './list-answer.ts';

/** Names looked at for one page: whoever may see few of many gets short pages, and each costs no more than this. */
const MOST_LOOKS = 10_000;

/**
 * The repositories that whoever asks may pull.
 * https://distribution.github.io/distribution/spec/api/#listing-repositories
 */
export async function pullCatalog(
  registry: Registry,
  grant: Grant,
  query: string,
): Promise<HttpAnswer> {
  const { sees } = grant;
  if (sees === undefined) throw registry.access?.refusal(grant, 'catalog') ?? denied('not allowed');
  const page = requirePage(requireQuery(query));
  const { entries, next } = await cutCatalog(registry, page, sees);
  const link = nextLink(CATALOG_PATH, { n: String(page.limit), last: next });
  const body = JSON.stringify({ repositories: entries });
  return { status: 200, headers: [...listHeaders('application/json'), ...link], body };
}

/** Goes on until it knows whether there is another page, or has looked often enough. */
async function cutCatalog(
  { storage, access }: Registry,
  { limit, last = '' }: ListPage,
  sees: (repository: string) => boolean,
): Promise<CutPage<string>> {
  const entries: string[] = [];
  let looks = 0;
  let next: string | undefined;
  if (limit === 0) return { entries };
  const after = access === undefined ? last : access.places.nameOf(last);
  // An empty page instead would be taken for the end of the list.
  if (after === undefined) throw badRequest('malformed last: begin again without it');
  for await (const name of repositoryNames(storage, after)) {
    looks += 1;
    const isSeen = sees(name);
    if (isSeen && next !== undefined) return { entries, next };
    if (isSeen) entries.push(name);
    if (entries.length === limit) next ??= name;
    // Where to go on must not tell the name of what may not be seen.
    if (!isSeen && looks >= MOST_LOOKS)
      return { entries, next: access?.places.placeOf(name) ?? name };
  }
  return { entries };
}
