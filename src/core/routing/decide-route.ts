// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';
import { subjectOfTag } from '../oci/reference.ts';
import type { ErrorCode } from '../oci/registry-error.ts';
import { parseRegistryRoute, type RegistryRoute } from '../oci/registry-route.ts';
import type { RequestTarget } from '../oci/request-target.ts';
import { blobPathOf } from './blob-path.ts';
import type { ClientRoutes } from './client-routes.ts';
import type { Backend, RoutingTable, Upstream } from './routing-table.ts';

export type RouteReason =
  /** The client's rule names no backend for it. */
  | 'no-backend'
  /** A backend is known, or has just said, to hold the blob. */
  | 'held'
  /** Every backend that was named lacks the blob, is not well, or did not answer in time. */
  | 'not-held'
  | 'manifest'
  /** Signatures and other referrers come from the canonical upstream. */
  | 'referrer'
  | 'list'
  | 'page';

export interface Redirect {
  readonly kind: 'redirect';
  readonly to: string;
  /** The name of the backend or upstream; `page` for a page. */
  readonly by: string;
  readonly reason: RouteReason;
}

/** A backend to ask whether it holds a blob. */
export interface Question {
  readonly backend: Backend;
  readonly digest: Digest;
  readonly url: string;
}

export type RouteDecision =
  | { readonly kind: 'accept' }
  | Redirect
  | {
      readonly kind: 'refuse';
      readonly code: ErrorCode;
      readonly message: string;
      readonly status: number;
    }
  | {
      /** Ask these at once; the first in order that says yes wins, else `otherwise`. */
      readonly kind: 'probe';
      readonly questions: readonly Question[];
      readonly otherwise: Redirect;
    }
  | {
      /** Fetch the list for the client, under our name; in any doubt `otherwise`. */
      readonly kind: 'fetch-list';
      readonly list: 'tags' | 'referrers';
      readonly upstream: Upstream;
      readonly repository: string;
      readonly path: string;
      readonly query: string;
      readonly otherwise: Redirect;
    };

/** What is known about a blob at a backend. Not being well counts as absent. */
export type Knowledge = 'held' | 'absent' | 'unknown';

export interface RouteFacts {
  readonly table: RoutingTable;
  readonly routes: ClientRoutes;
  readonly knows: (question: Question) => Knowledge;
}

/**
 * Says where a pull goes.
 *
 * Only blobs may leave the upstream: a client checks a blob against its digest, so a backend cannot lie
 * about one. A tag is only as good as whoever answers for it. `Location` is built from parsed parts
 * and always starts with a configured URL.
 */
export function decideRoute(target: RequestTarget, facts: RouteFacts): RouteDecision {
  const route = parseRegistryRoute(target.path);
  switch (route.kind) {
    case 'api-check':
      return { kind: 'accept' };
    case 'catalog':
      return refuse('this registry does not list its repositories');
    case 'unknown':
      return decidePage(target.path, facts.table);
    case 'invalid':
      return { kind: 'refuse', code: route.code, message: route.message, status: 400 };
    case 'manifest':
      return decideManifest(route, target.query, facts);
    case 'tags':
    case 'referrers':
      return decideList(route, target.query, facts);
    case 'blob':
      return decideBlob(route, target.query, facts);
  }
}

function refuse(message: string): RouteDecision {
  return { kind: 'refuse', code: 'UNSUPPORTED', message, status: 404 };
}

function decidePage(path: string, { pages }: RoutingTable): RouteDecision {
  const to =
    path === '/'
      ? pages.root
      : path === '/privacy' || path.startsWith('/privacy/')
        ? pages.privacy
        : undefined;
  if (to === undefined) return refuse('there is nothing at this path; the pull API is below /v2/');
  return { kind: 'redirect', to, by: 'page', reason: 'page' };
}

type Route<Kind extends RegistryRoute['kind']> = Extract<RegistryRoute, { kind: Kind }>;

function decideManifest(
  { repository, reference }: Route<'manifest'>,
  query: string,
  { table, routes }: RouteFacts,
): Redirect {
  const isReferrer = reference.kind === 'tag' && subjectOfTag(reference.tag) !== undefined;
  const upstream = (isReferrer ? table.canonicalUpstream : undefined) ?? routes.upstream;
  const text = reference.kind === 'tag' ? reference.tag : reference.digest;
  return {
    kind: 'redirect',
    to: `${repositoryUrl(upstream, repository)}/manifests/${text}${query}`,
    by: upstream.name,
    reason: isReferrer ? 'referrer' : 'manifest',
  };
}

function decideList(
  route: Route<'tags'> | Route<'referrers'>,
  query: string,
  { table, routes }: RouteFacts,
): RouteDecision {
  const { repository } = route;
  const upstream =
    (route.kind === 'referrers' ? table.canonicalUpstream : undefined) ?? routes.upstream;
  const path = route.kind === 'tags' ? 'tags/list' : `referrers/${route.digest}`;
  const to = `${repositoryUrl(upstream, repository)}/${path}${query}`;
  const otherwise: Redirect = { kind: 'redirect', to, by: upstream.name, reason: 'list' };
  if (table.lists[route.kind] === 'redirect') return otherwise;
  return { kind: 'fetch-list', list: route.kind, upstream, repository, path, query, otherwise };
}

function decideBlob(
  { repository, digest }: Route<'blob'>,
  query: string,
  { routes, knows }: RouteFacts,
): RouteDecision {
  const questions: Question[] = [];
  let held: Redirect | undefined;
  for (const backend of routes.backends) {
    const question = { backend, digest, url: backend.url + blobPathOf(backend.blobPath, digest) };
    const knowledge = knows(question);
    if (knowledge === 'unknown') questions.push(question);
    if (knowledge === 'held') {
      held = redirectToBackend(question);
      break;
    }
  }
  const otherwise = held ?? {
    kind: 'redirect',
    to: `${repositoryUrl(routes.upstream, repository)}/blobs/${digest}${query}`,
    by: routes.upstream.name,
    reason: routes.backends.length === 0 ? 'no-backend' : 'not-held',
  };
  return questions.length === 0 ? otherwise : { kind: 'probe', questions, otherwise };
}

/** Backends get no query: a signed or rewritten URL of theirs would not survive a stranger's. */
export function redirectToBackend({ backend, url }: Question): Redirect {
  return { kind: 'redirect', to: url, by: backend.name, reason: 'held' };
}

function repositoryUrl({ url, repositoryPrefix }: Upstream, repository: string): string {
  return `${url}/v2/${repositoryPrefix}${repository}`;
}
