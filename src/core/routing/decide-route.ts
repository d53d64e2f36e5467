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
  /** What the client's own query adds to the URL, for upstreams. */
  readonly query: string;
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

/** What is known about content at its holder. Not being well counts as absent. */
export type Knowledge = 'held' | 'absent' | 'unknown';

export interface RouteFacts {
  readonly table: RoutingTable;
  readonly routes: ClientRoutes;
  readonly knows: (question: Question) => Knowledge;
  /** Whether a backend or upstream may be sent anybody, as far as is known. */
  readonly isWell: (holder: string) => boolean;
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

/**
 * A tag goes to the nearest upstream that is well, a digest to the nearest that holds it: a tag that was
 * resolved at one upstream must not lead to a digest that another one does not have yet.
 */
function decideManifest(
  { repository, reference }: Route<'manifest'>,
  query: string,
  facts: RouteFacts,
): RouteDecision {
  const isReferrer = reference.kind === 'tag' && subjectOfTag(reference.tag) !== undefined;
  const upstreams = upstreamsFor(isReferrer, facts);
  const text = reference.kind === 'tag' ? reference.tag : reference.digest;
  const path = `${repository}/manifests/${text}`;
  const [upstream] = upstreams;
  const otherwise: Redirect = {
    kind: 'redirect',
    to: `${upstreamUrl(upstream)}${path}${query}`,
    by: upstream.name,
    reason: isReferrer ? 'referrer' : 'manifest',
  };
  if (reference.kind === 'tag' || upstreams.length === 1) return otherwise;
  const questions = upstreams.map((one) => ({
    kind: 'manifest' as const,
    holder: one.name,
    digest: reference.digest,
    url: `${upstreamUrl(one)}${path}`,
    query,
  }));
  return firstHeld(questions, otherwise, facts);
}

/** In order of preference: the canonical one first for referrers, those that are not well last. */
function upstreamsFor(isReferrer: boolean, facts: RouteFacts): readonly [Upstream, ...Upstream[]] {
  const { table, routes, isWell } = facts;
  const canonical = isReferrer ? table.canonicalUpstream : undefined;
  if (routes.upstreams.length === 1 && canonical === undefined) return routes.upstreams;
  const others = routes.upstreams.filter((upstream) => upstream !== canonical);
  const all = canonical === undefined ? others : [canonical, ...others];
  const [first = routes.upstreams[0], ...rest] = [
    ...all.filter(({ name }) => isWell(name)),
    ...all.filter(({ name }) => !isWell(name)),
  ];
  return [first, ...rest];
}

function decideList(
  route: Route<'tags'> | Route<'referrers'>,
  query: string,
  facts: RouteFacts,
): RouteDecision {
  const { repository } = route;
  const [upstream] = upstreamsFor(route.kind === 'referrers', facts);
  const path = route.kind === 'tags' ? 'tags/list' : `referrers/${route.digest}`;
  const to = `${upstreamUrl(upstream)}${repository}/${path}${query}`;
  const otherwise: Redirect = { kind: 'redirect', to, by: upstream.name, reason: 'list' };
  if (facts.table.lists[route.kind] === 'redirect') return otherwise;
  return { kind: 'fetch-list', list: route.kind, upstream, repository, path, query, otherwise };
}

function decideBlob(
  { repository, digest }: Route<'blob'>,
  query: string,
  facts: RouteFacts,
): RouteDecision {
  const { backends } = facts.routes;
  const [upstream] = upstreamsFor(false, facts);
  const otherwise: Redirect = {
    kind: 'redirect',
    to: `${upstreamUrl(upstream)}${repository}/blobs/${digest}${query}`,
    by: upstream.name,
    reason: backends.length === 0 ? 'no-backend' : 'not-held',
  };
  if (backends.length === 0) return otherwise;
  const questions = backends.map(({ name, url, blobPath }) => ({
    kind: 'blob' as const,
    holder: name,
    digest,
    url: url + blobPathOf(blobPath, digest),
    query,
  }));
  return firstHeld(questions, otherwise, facts);
}

/** The first that holds it, unless unknown ones stand before it: then those are to be asked. */
function firstHeld(
  candidates: readonly Question[],
  otherwise: Redirect,
  { knows }: RouteFacts,
): RouteDecision {
  const questions: Question[] = [];
  for (const candidate of candidates) {
    const knowledge = knows(candidate);
    if (knowledge === 'held') {
      const found = redirectTo(candidate);
      return questions.length === 0 ? found : { kind: 'probe', questions, otherwise: found };
    }
    if (knowledge === 'unknown') questions.push(candidate);
  }
  return questions.length === 0 ? otherwise : { kind: 'probe', questions, otherwise };
}

/** Backends get no query: a signed or rewritten URL of theirs would not survive a stranger's. */
export function redirectTo({ kind, holder: by, url, query }: Question): Redirect {
  return kind === 'blob'
    ? { kind: 'redirect', to: url, by, reason: 'held' }
    : { kind: 'redirect', to: url + query, by, reason: 'manifest' };
}

function upstreamUrl({ url, repositoryPrefix }: Upstream): string {
  return `${url}/v2/${repositoryPrefix}`;
}
