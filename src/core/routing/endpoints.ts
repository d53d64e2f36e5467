// SPDX-License-Identifier: Apache-2.0
import type { Backend, RoutingRule, RoutingTable } from './routing-table.ts';

/** Where the list of endpoints is published. */
export const ENDPOINTS_PATH = '/.well-known/archeion/endpoints.json';

/** A host that a client may be sent to, for whoever has to open a firewall. A JSON value. */
export interface Endpoint {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** `redirects` are hosts that another endpoint leads to in its turn. */
  readonly serves: readonly EndpointUse[];
  /** The upstreams and backends it stands for. */
  readonly names: readonly string[];
}

export type EndpointUse = 'manifests' | 'blobs' | 'pages' | 'redirects';

interface Place {
  readonly url: string;
  readonly name: string;
  readonly uses: readonly EndpointUse[];
}

/** Every host that a redirect of this table can lead to, sorted by host. */
export function endpointsOf(table: RoutingTable): readonly Endpoint[] {
  const rules = reachableRules(table.rules).filter(({ deliver }) => isRedirected(deliver));
  const hasRest = reachableRules(table.rules).every(hasCondition);
  const upstreams = rules.length > 0 || hasRest ? table.upstreams : [];
  const holders = [
    ...upstreams
      .filter(({ isProxied }) => isProxied !== true)
      .map((holder) => ({ holder, uses: ['manifests', 'blobs'] as const })),
    ...table.backends
      .filter((backend) => rules.some((rule) => mayChoose(rule, backend)))
      .map((holder) => ({ holder, uses: ['blobs'] as const })),
  ];
  const places = holders.flatMap(({ holder: { name, url, leadsTo = [] }, uses }): Place[] => [
    { url, name, uses },
    ...leadsTo.map((host) => ({ url: `https://${host}`, name, uses: ['redirects'] as const })),
  ]);
  const pages = Object.values(table.pages).map(
    (url): Place => ({ url, name: 'page', uses: ['pages'] }),
  );
  return grouped([...places, ...pages]);
}

/** What stands behind a rule for everybody is never reached. */
function reachableRules(rules: readonly RoutingRule[]): readonly RoutingRule[] {
  const last = rules.findIndex((rule) => !hasCondition(rule));
  return last === -1 ? rules : rules.slice(0, last + 1);
}

function hasCondition({ client }: RoutingRule): boolean {
  return Object.keys(client).length > 0;
}

function isRedirected(deliver: RoutingRule['deliver']): boolean {
  return deliver === undefined || deliver.kind === 'redirect';
}

/** Wherever its clients may be: `same-region` and `nearest` may come to mean any backend with a place. */
function mayChoose({ blobs }: RoutingRule, { name, at }: Backend): boolean {
  const end = blobs.findIndex(({ kind }) => kind === 'upstream');
  return blobs
    .slice(0, end === -1 ? blobs.length : end)
    .some((candidate) =>
      candidate.kind === 'backend' ? candidate.name === name : at !== undefined,
    );
}

function grouped(places: readonly Place[]): readonly Endpoint[] {
  const byOrigin = new Map<string, Place[]>();
  for (const place of places) {
    const origin = originOf(place.url);
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), place]);
  }
  return [...byOrigin].map(([origin, found]) => endpoint(origin, found)).sort(byHost);
}

/** Scheme and host of a configured URL, which has neither user nor query. */
function originOf(url: string): string {
  const end = url.indexOf('/', 'https://'.length);
  return (end === -1 ? url : url.slice(0, end)).toLowerCase();
}

function endpoint(origin: string, places: readonly Place[]): Endpoint {
  const scheme = origin.startsWith('https:') ? 'https' : 'http';
  const authority = origin.slice(`${scheme}://`.length);
  const colon = authority.lastIndexOf(':');
  const hasPort = colon > authority.lastIndexOf(']');
  return {
    scheme,
    host: hasPort ? authority.slice(0, colon) : authority,
    port: hasPort ? Number(authority.slice(colon + 1)) : PORT_OF[scheme],
    serves: [...new Set(places.flatMap(({ uses }) => uses))],
    names: [...new Set(places.map(({ name }) => name))],
  };
}

const PORT_OF = { http: 80, https: 443 } as const;

function byHost(a: Endpoint, b: Endpoint): number {
  return a.host < b.host ? -1 : Number(a.host > b.host) || a.port - b.port;
}
