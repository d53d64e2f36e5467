// SPDX-License-Identifier: Apache-2.0
import type { RegistryRoute } from '../core/oci/registry-route.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import { NEEDS, requirePermission } from './permission.ts';
import { pullBlob } from './pull-blob.ts';
import { pullReferrers, pullTags } from './pull-lists.ts';
import { pullManifest } from './pull-manifest.ts';
import type { Visit } from './registry-ports.ts';
import { startUpload } from './start-upload.ts';
import { visitUpload } from './visit-upload.ts';

/** The routes that lead into a repository. */
export type ContentRoute = Extract<RegistryRoute, { readonly repository: string }>;

export async function visitContent(
  visit: Visit,
  route: ContentRoute,
  query: string,
): Promise<HttpAnswer> {
  switch (route.kind) {
    case 'manifest':
      requirePermission(visit, NEEDS.pull);
      return pullManifest(visit, route.reference, visit.request);
    case 'blob':
      requirePermission(visit, NEEDS.pull);
      return pullBlob({ ...visit, digest: route.digest }, visit.request);
    case 'tags':
      requirePermission(visit, NEEDS.pull);
      return pullTags(visit, query);
    case 'referrers':
      requirePermission(visit, NEEDS.pull);
      return pullReferrers(visit, route.digest, query);
    case 'uploads':
      requirePermission(visit, NEEDS.add);
      return startUpload(visit);
    case 'upload':
      requirePermission(visit, NEEDS.add);
      return visitUpload(visit, route.id);
  }
}
