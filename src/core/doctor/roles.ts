// SPDX-License-Identifier: Apache-2.0
import type { HopSeen, Observations, RequestSeen } from './observation.ts';

/** What a host does in a pull. */
export interface Role {
  readonly kind: RoleKind;
  /** Under which the front knows it. */
  readonly name?: string;
}

export type RoleKind =
  /** The image's registry, answering for itself. */
  | 'registry'
  /** Redirects what it is asked for to upstreams and backends. */
  | 'front'
  | 'mirror'
  | 'upstream'
  | 'backend'
  | 'token-service';

/** The reason a front gives when a backend, and no upstream, serves the request. */
const BY_BACKEND = 'held';

export function roleOfHop(request: RequestSeen, index: number, seen: Observations): Role {
  if (request.kind === 'token') return { kind: 'token-service' };
  const host = request.hops[index]?.host;
  if (host === seen.home) return { kind: homeRole(seen) };
  const route = index === 1 ? routeOf(request.hops[0]) : undefined;
  if (route !== undefined) {
    return { kind: route.reason === BY_BACKEND ? 'backend' : 'upstream', name: route.by };
  }
  const isUpstream = seen.requests.some(
    ({ kind, hops }) => kind === 'manifest' && hops.some((hop) => hop.host === host),
  );
  return { kind: isUpstream ? 'upstream' : 'backend' };
}

/** By the first request that went to it; whoever is asked before any request went is home. */
export function roleOfHost(host: string, seen: Observations): Role {
  for (const request of seen.requests) {
    const index = request.hops.findIndex((hop) => hop.host === host);
    if (index !== -1) return roleOfHop(request, index, seen);
  }
  return { kind: homeRole(seen) };
}

/** A registry may send blobs to a store of its own; one that sends manifests away is a front. */
function homeRole({ home, isMirror, requests }: Observations): RoleKind {
  if (isMirror) return 'mirror';
  const isFront = requests.some(({ kind, hops }) => {
    const leaves = kind === 'manifest' && hops.some(({ host }) => host !== home);
    return leaves || hops.some((hop) => hop.host === home && routeOf(hop) !== undefined);
  });
  return isFront ? 'front' : 'registry';
}

const ROUTE = /^([^;]+); reason=([^;]+)/;

function routeOf(hop: HopSeen | undefined): { by: string; reason: string } | undefined {
  if (hop?.outcome.kind !== 'answered') return undefined;
  const match = ROUTE.exec(hop.outcome.route ?? '');
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { by: match[1], reason: match[2] };
}
