// SPDX-License-Identifier: Apache-2.0

import type { Digest } from '../../core/oci/digest.ts';
import { type ListPage, LONGEST_PAGE } from '../../core/oci/list-page.ts';
import { OCI_INDEX } from '../../core/oci/media-type.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import { isKnownRepository, listReferrers, listTags } from '../store/lists.ts';
import type { RepositoryPlace } from '../store/manifest-store.ts';
import { listHeaders, nextLink, requirePage, requireQuery } from './list-answer.ts';
import { nameUnknown } from './unknown-error.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
export async function pullTags(place: RepositoryPlace, query: string): Promise<HttpAnswer> {
  const { repository } = place;
  const page = requirePage(requireQuery(query));
  const { entries, next } = await listTags(place, page);
  if (entries.length === 0 && !(await isKnownRepository(place))) {
    throw nameUnknown(repository);
  }
  const link = nextLink(`/v2/${repository}/tags/list`, { n: String(page.limit), last: next });
  const body = JSON.stringify({ name: repository, tags: entries });
  return { status: 200, headers: [...listHeaders('application/json'), ...link], body };
}

/**
 * A manifest need not be there to have referrers, nor its repository: a 404 would tell clients that this
 * registry keeps none.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export async function pullReferrers(
  place: RepositoryPlace,
  subject: Digest,
  query: string,
): Promise<HttpAnswer> {
  const parameters = requireQuery(query);
  const artifactType = parameters.get('artifactType');
  const last = parameters.get('last') ?? '';
  const page: ListPage = { limit: LONGEST_PAGE, ...(last !== '' && { last }) };
  const { descriptors, next } = await listReferrers(place, subject, page);
  const manifests = descriptors.filter(
    (entry) => artifactType === undefined || entry.artifactType === artifactType,
  );
  const filtered = artifactType === undefined ? [] : ['OCI-Filters-Applied', 'artifactType'];
  const path = `/v2/${place.repository}/referrers/${subject}`;
  const link = nextLink(path, { artifactType, last: next });
  const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return { status: 200, headers: [...listHeaders(OCI_INDEX), ...filtered, ...link], body };
}
