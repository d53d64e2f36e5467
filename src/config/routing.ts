// SPDX-License-Identifier: Apache-2.0
import type { ClientAddressPolicy } from '../core/net/client-address.ts';
import type {
  Backend,
  Candidate,
  RoutingRule,
  RoutingTable,
  Upstream,
} from '../core/routing/routing-table.ts';
import type { Config } from './schema.ts';

/** The configuration as the routing decision wants it. */
export function routingTableOf(config: Config, distance: RoutingTable['distance']): RoutingTable {
  const [first, ...others] = config.upstreams;
  const upstreams = [upstreamOf(first), ...others.map(upstreamOf)] as const;
  const canonicalUpstream = upstreams.find(({ name }) => name === config.canonicalUpstream);
  return {
    publishesEndpoints: config.publishEndpoints,
    pages: given(config.pages),
    upstreams: [...upstreams],
    ...(canonicalUpstream === undefined ? {} : { canonicalUpstream }),
    backends: config.backends.map((backend) => backendOf(backend, config)),
    rules: config.routing.map(ruleOf),
    lists: { tags: config.tagsList, referrers: config.referrers },
    distance,
  };
}

function upstreamOf(upstream: Config['upstreams'][number]): Upstream {
  const { name, url, at, deliver, leadsTo } = upstream;
  const repositoryPrefix = upstream.repositoryPrefix === '' ? '' : `${upstream.repositoryPrefix}/`;
  return { name, url, repositoryPrefix, isProxied: deliver === 'proxy', leadsTo, ...given({ at }) };
}

function backendOf(backend: Config['backends'][number], config: Config): Backend {
  const { name, url, at, addressFamilies, leadsTo } = backend;
  return {
    name,
    url: `${url}/`,
    leadsTo,
    blobPath: backend.blobPath ?? config.blobPath,
    families: addressFamilies.map((family) => (family === 'ipv4' ? 4 : 6)),
    ...given({ at }),
  };
}

type Rule = Config['routing'][number];

function ruleOf({ client, blobs, deliver, help }: Rule): RoutingRule {
  const { cloud: clouds, region: regions, prefixes } = client;
  return {
    client: given({ clouds, regions, prefixes }),
    blobs: blobs.map(candidateOf),
    deliver: deliver === 'deny' ? { kind: deliver, ...given({ help }) } : { kind: deliver },
  };
}

function candidateOf(text: string): Candidate {
  switch (text) {
    case 'same-region':
    case 'nearest':
    case 'upstream':
      return { kind: text };
    default:
      return { kind: 'backend', name: text };
  }
}

export function clientAddressPolicyOf({
  clientAddress,
}: Pick<Config, 'clientAddress'>): ClientAddressPolicy {
  const { header, trustedProxies, trustedProxyHops, compatibility } = clientAddress;
  if (compatibility === 'archeio') return { kind: 'archeio' };
  if (trustedProxies !== undefined) return { kind: 'proxies', header, proxies: trustedProxies };
  return { kind: 'hops', header, hops: trustedProxyHops ?? 0 };
}

type Given<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** Leaves out what is undefined: optional fields here are absent, never present and undefined. */
function given<Value extends object>(value: Value): Given<Value> {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  // Object.fromEntries forgets which key had which type; nothing was added or changed.
  return Object.fromEntries(entries) as Given<Value>;
}
