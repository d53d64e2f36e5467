// SPDX-License-Identifier: Apache-2.0
import { subjectOfTag } from '../oci/reference.ts';
import { parseRegistryRoute, type RegistryRoute } from '../oci/registry-route.ts';
import type { RequestTarget } from '../oci/request-target.ts';
import { blobPathOf } from './blob-path.ts';
import type { ClientRoutes } from './client-routes.ts';
import { ENDPOINTS_PATH } from './endpoints.ts';
import type {
  Alternative,
  Delivery,
  ProxiedContent,
  ProxyDelivery,
  Question,
  Redirect,
  Refusal,
  RoutePlan,
  RouteReason,
} from './route-plan.ts';
import type { RoutingTable, Upstream } from './routing-table.ts';

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
  switch (route.kind) {
    case 'api-check':
      return { kind: 'accept' };
    case 'catalog':
      return notFound('this registry does not list its repositories');
    case 'uploads':
    case 'upload':
      return notFound('this registry is only read: nothing can be uploaded here');
    case 'unknown':
      return planPage(target.path, facts.table);
    case 'invalid':
      return { kind: 'refuse', code: route.code, message: route.message, status: 400 };
    case 'manifest':
    case 'tags':
    case 'referrers':
    case 'blob':
      return planContent(route, target.query, facts);
  }
}

function planContent(route: ContentRoute, query: string, facts: PlanFacts): RoutePlan {
  const { routes, table } = facts;
  if (routes.deliver.kind === 'deny') return denied(routes.deliver.help);
  if (table.repositories?.has(route.repository) === false) return unknown(route.repository);
  switch (route.kind) {
    case 'manifest':
      return planManifest(route, query, facts);
    case 'tags':
    case 'referrers':
      return planList(route, query, facts);
    case 'blob':
      return planBlob(route, query, routes);
  }
}

/** The API check is answered all the same: clients show what a pull was refused with, and not what the check was. */
function denied(help: string | undefined): Refusal {
  const advice = help === undefined ? '' : `: see ${help}`;
  const message = `this registry does not serve pulls from your network${advice}`;
  return { kind: 'refuse', code: 'DENIED', message, status: 403, ...(help && { help }) };
}

function notFound(message: string): Refusal {
  return { kind: 'refuse', code: 'UNSUPPORTED', message, status: 404 };
}

function unknown(repository: string): Refusal {
  const message = `repository "${repository}" is not known here: check its name; one that was published just now may take some minutes to appear`;
  return { kind: 'refuse', code: 'NAME_UNKNOWN', message, status: 404 };
}

function planPage(path: string, { pages, publishesEndpoints }: RoutingTable): RoutePlan {
  if (path === ENDPOINTS_PATH && publishesEndpoints === true) return { kind: 'endpoints' };
  const isPrivacy = path === '/privacy' || path.startsWith('/privacy/');
  const to = path === '/' ? pages.root : isPrivacy ? pages.privacy : undefined;
  if (to === undefined) {
    return notFound('there is nothing at this path; the pull API is below /v2/');
  }
  const page: Redirect = { kind: 'redirect', to, by: 'page', reason: 'page' };
  return { kind: 'open', candidates: [], alternatives: [page] };
}

type Route<Kind extends RegistryRoute['kind']> = Extract<RegistryRoute, { kind: Kind }>;
type ContentRoute = Route<'manifest' | 'tags' | 'referrers' | 'blob'>;

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
  const reason: RouteReason = isReferrer ? 'referrer' : 'manifest';
  const deliveries = mapFirst(upstreams, (upstream) => {
    const url = `${urlOf(upstream, repository)}/manifests/${text}`;
    const content = { kind: 'manifest', reference } as const;
    return { url, found: fromUpstream({ upstream, url, query, reason, content }, facts.routes) };
  });
  const alternatives = mapFirst(deliveries, ({ found }) => found);
  if (reference.kind === 'tag' || alternatives.length === 1) {
    return { kind: 'open', candidates: [], alternatives };
  }
  const { digest } = reference;
  const candidates = deliveries.map(({ url, found }) => ({
    kind: 'manifest' as const,
    holder: found.by,
    digest,
    // The question goes without the query, which is the client's own.
    url,
    found,
  }));
  return { kind: 'open', candidates, alternatives };
}

interface UpstreamPlace {
  readonly upstream: Upstream;
  /** Without the query. */
  readonly url: string;
  readonly query: string;
  readonly reason: RouteReason;
  readonly content: ProxiedContent;
}

/** What is fetched with credentials of ours goes without the client's query, which could ask for anything. */
function fromUpstream(place: UpstreamPlace, { deliver }: ClientRoutes): Delivery {
  const { upstream, url, query, reason, content } = place;
  const by = upstream.name;
  return deliver.kind === 'proxy' || upstream.isProxied === true
    ? { kind: 'proxy', from: url, by, reason, content }
    : { kind: 'redirect', to: url + query, by, reason };
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
    const url = `${urlOf(upstream, repository)}/${path}`;
    const place = { upstream, url, query, reason: 'list', content: { kind: 'list' } } as const;
    const otherwise = fromUpstream(place, facts.routes);
    const isRedirected = facts.table.lists[route.kind] === 'redirect';
    if (isRedirected && otherwise.kind === 'redirect') return otherwise;
    return { kind: 'fetch-list', list: route.kind, upstream, repository, path, query, otherwise };
  });
  return { kind: 'open', candidates: [], alternatives };
}

function planBlob(
  { repository, digest }: Route<'blob'>,
  query: string,
  routes: ClientRoutes,
): RoutePlan {
  const { backends, upstreams, deliver } = routes;
  const reason: RouteReason = backends.length === 0 ? 'no-backend' : 'not-held';
  const content = { kind: 'blob', digest } as const;
  const alternatives = mapFirst(upstreams, (upstream) => {
    const url = `${urlOf(upstream, repository)}/blobs/${digest}`;
    return fromUpstream({ upstream, url, query, reason, content }, routes);
  });
  const [first] = alternatives;
  const candidates = backends.map(({ name, url: base, blobPath }): Question => {
    // No query: a signed or rewritten URL of a backend's would not survive a stranger's.
    const url = base + blobPathOf(blobPath, digest);
    const place = { by: name, reason: 'held' } as const;
    const found: Delivery =
      deliver.kind === 'proxy'
        ? {
            kind: 'proxy',
            from: url,
            content,
            ...place,
            ...(isProxy(first) && { otherwise: first }),
          }
        : { kind: 'redirect', to: url, ...place };
    return { kind: 'blob', holder: name, digest, url, found };
  });
  return { kind: 'open', candidates, alternatives };
}

function isProxy(delivery: Delivery): delivery is ProxyDelivery {
  return delivery.kind === 'proxy';
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
