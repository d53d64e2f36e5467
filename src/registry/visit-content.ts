// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../core/oci/digest.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { RegistryRoute } from '../core/oci/registry-route.ts';
import type { HttpAnswer } from '../protocol/http.ts';
import { NEEDS, requirePermission } from './permission.ts';
import { pullBlob } from './pull/pull-blob.ts';
import { pullReferrers, pullTags } from './pull/pull-lists.ts';
import { pullManifest } from './pull/pull-manifest.ts';
import { deleteBlob, deleteManifest } from './push/delete-content.ts';
import { pushManifest } from './push/push-manifest.ts';
import { startUpload } from './push/start-upload.ts';
import { visitUpload } from './push/visit-upload.ts';
import type { Visit } from './registry-ports.ts';

/** The routes that lead into a repository. */
export type ContentRoute = Extract<RegistryRoute, { readonly repository: string }>;

/** @param query of the target, as it came */
export async function visitContent(
  visit: Visit,
  route: ContentRoute,
  query: string,
): Promise<HttpAnswer> {
  switch (route.kind) {
    case 'manifest':
      return visitManifest(visit, route.reference);
    case 'blob':
      return visitBlob(visit, route.digest);
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

async function visitManifest(visit: Visit, reference: Reference): Promise<HttpAnswer> {
  switch (visit.request.method) {
    case 'PUT':
      requirePermission(visit, NEEDS.add);
      return pushManifest(visit, reference);
    case 'DELETE':
      requirePermission(visit, NEEDS.delete);
      return deleteManifest(visit, reference);
    default:
      requirePermission(visit, NEEDS.pull);
      return pullManifest(visit, reference, visit.request);
  }
}

async function visitBlob(visit: Visit, digest: Digest): Promise<HttpAnswer> {
  if (visit.request.method === 'DELETE') {
    requirePermission(visit, NEEDS.delete);
    return deleteBlob(visit, digest);
  }
  requirePermission(visit, NEEDS.pull);
  const { redirectSeconds } = visit.registry.settings;
  return pullBlob({ ...visit, digest }, visit.request, redirectSeconds);
}
