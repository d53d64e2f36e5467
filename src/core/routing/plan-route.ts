// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';
import { subjectOfTag } from '../oci/reference.ts';
import type { ErrorCode } from '../oci/registry-error.ts';
import { parseRegistryRoute, type RegistryRoute } from '../oci/registry-route.ts';
import type { RequestTarget } from '../oci/request-target.ts';
import { blobPathOf } from './blob-path.ts';
import type { ClientRoutes } from './client-routes.ts';
import type { RoutingTable, Upstream } from './routing-table.ts';

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

/** Whom to ask whether it holds something: a backend a blob, an upstream a manifest. */
export interface Question {
  readonly kind: 'blob' | 'manifest';
  /** The name of the backend or upstream. */
  readonly holder: string;
  readonly digest: Digest;
  readonly url: string;
  /** What to answer when it does. */
  readonly found: Redirect;
}

/** Fetch a list for the client, under our name; in any doubt `otherwise`. */
export interface FetchList {
  readonly kind: 'fetch-list';
  readonly list: 'tags' | 'referrers';
  readonly upstream: Upstream;
  readonly repository: string;
  readonly path: string;
  readonly query: string;
  readonly otherwise: Redirect;
}

export interface Refusal {
  readonly kind: 'refuse';
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
}

/** All that can be said of a request before anything is known of backends and upstreams. */
export type RoutePlan =
  | { readonly kind: 'accept' }
  | Refusal
  | {
      readonly kind: 'open';
      /** Who may hold what was asked for, in order of preference. */
      readonly candidates: readonly Question[];
      /** What to do when none of them does: the first whose upstream is well, else the first. */
      readonly alternatives: readonly [Alternative, ...Alternative[]];
    };

export type Alternative = Redirect | FetchList;

export interface PlanFacts {
  readonly table: RoutingTable;
  readonly routes: ClientRoutes;
}

/**
 * Says where a pull may go.
 *
 * Only blobs may leave the upstream: a client checks a blob against its digest, so a backend cannot lie
 * about one. A tag is only as good as whoever answers for it. `Location` is built from parsed parts
 * and always starts with a configured URL.
 */
export function planRoute(target: RequestTarget, facts: PlanFacts): RoutePlan {
  const route = parseRegistryRoute(target.path);
  if ('repository' in route && facts.table.repositories?.has(route.repository) === false) {
    return unknownRepository(route.repository);
  }
  switch (route.kind) {
    case 'api-check':
      return { kind: 'accept' };
    case 'catalog':
      return notFound('this registry does not list its repositories');
    case 'unknown':
      return planPage(target.path, facts.table);
    case 'invalid':
      return { kind: 'refuse', code: route.code, message: route.message, status: 400 };
    case 'manifest':
      return planManifest(route, target.query, facts);
    case 'tags':
    case 'referrers':
      return planList(route, target.query, facts);
    case 'blob':
      return planBlob(route, target.query, facts.routes);
  }
}

function notFound(message: string): Refusal {
  return { kind: 'refuse', code: 'UNSUPPORTED', message, status: 404 };
}

function unknownRepository(repository: string): Refusal {
  const message = `repository "${repository}" is not known here: check its name; one that was published just now may take some minutes to appear`;
  return { kind: 'refuse', code: 'NAME_UNKNOWN', message, status: 404 };
}

function planPage(path: string, { pages }: RoutingTable): RoutePlan {
  const isPrivacy = path === '/privacy' || path.startsWith('/privacy/');
  const to = path === '/' ? pages.root : isPrivacy ? pages.privacy : undefined;
  if (to === undefined) {
    return notFound('there is nothing at this path; the pull API is below /v2/');
  }
  const page: Redirect = { kind: 'redirect', to, by: 'page', reason: 'page' };
  return { kind: 'open', candidates: [], alternatives: [page] };
}

type Route<Kind extends RegistryRoute['kind']> = Extract<RegistryRoute, { kind: Kind }>;

/**
 * A tag goes to the nearest upstream that is well, a digest to the nearest that holds it: a tag that was
 * resolved at one upstream must not lead to a digest that another one does not have yet.
 */
function planManifest(
  { repository, reference }: Route<'manifest'>,
  query: string,
  facts: PlanFacts,
): RoutePlan {
  const isReferrer = reference.kind === 'tag' && subjectOfTag(reference.tag) !== undefined;
  const upstreams = isReferrer ? upstreamsForReferrers(facts) : facts.routes.upstreams;
  const text = reference.kind === 'tag' ? reference.tag : reference.digest;
  const alternatives = mapFirst(upstreams, (upstream) => ({
    kind: 'redirect' as const,
    to: `${urlOf(upstream, repository)}/manifests/${text}${query}`,
    by: upstream.name,
    reason: isReferrer ? ('referrer' as const) : ('manifest' as const),
  }));
  if (reference.kind === 'tag' || alternatives.length === 1) {
    return { kind: 'open', candidates: [], alternatives };
  }
  const { digest } = reference;
  const candidates = alternatives.map((found) => ({
    kind: 'manifest' as const,
    holder: found.by,
    digest,
    // The question goes without the query, which is the client's own.
    url: found.to.slice(0, found.to.length - query.length),
    found,
  }));
  return { kind: 'open', candidates, alternatives };
}

function upstreamsForReferrers({ table, routes }: PlanFacts): readonly [Upstream, ...Upstream[]] {
  const { canonicalUpstream: canonical } = table;
  if (canonical === undefined) return routes.upstreams;
  return [canonical, ...routes.upstreams.filter((upstream) => upstream !== canonical)];
}

function planList(
  route: Route<'tags'> | Route<'referrers'>,
  query: string,
  facts: PlanFacts,
): RoutePlan {
  const { repository } = route;
  const isReferrers = route.kind === 'referrers';
  const upstreams = isReferrers ? upstreamsForReferrers(facts) : facts.routes.upstreams;
  const path = isReferrers ? `referrers/${route.digest}` : 'tags/list';
  const alternatives = mapFirst(upstreams, (upstream): Alternative => {
    const to = `${urlOf(upstream, repository)}/${path}${query}`;
    const otherwise: Redirect = { kind: 'redirect', to, by: upstream.name, reason: 'list' };
    if (facts.table.lists[route.kind] === 'redirect') return otherwise;
    return { kind: 'fetch-list', list: route.kind, upstream, repository, path, query, otherwise };
  });
  return { kind: 'open', candidates: [], alternatives };
}

function planBlob(
  { repository, digest }: Route<'blob'>,
  query: string,
  { backends, upstreams }: ClientRoutes,
): RoutePlan {
  const reason: RouteReason = backends.length === 0 ? 'no-backend' : 'not-held';
  const alternatives = mapFirst(upstreams, (upstream) => ({
    kind: 'redirect' as const,
    to: `${urlOf(upstream, repository)}/blobs/${digest}${query}`,
    by: upstream.name,
    reason,
  }));
  const candidates = backends.map(({ name, url: base, blobPath }): Question => {
    // No query: a signed or rewritten URL of a backend's would not survive a stranger's.
    const url = base + blobPathOf(blobPath, digest);
    const found: Redirect = { kind: 'redirect', to: url, by: name, reason: 'held' };
    return { kind: 'blob', holder: name, digest, url, found };
  });
  return { kind: 'open', candidates, alternatives };
}

/** What is mapped from a list with a first entry has one too. */
function mapFirst<From, To>(
  [first, ...rest]: readonly [From, ...From[]],
  change: (from: From) => To,
): readonly [To, ...To[]] {
  return [change(first), ...rest.map(change)];
}

function urlOf({ url, repositoryPrefix }: Upstream, repository: string): string {
  return `${url}/v2/${repositoryPrefix}${repository}`;
}
