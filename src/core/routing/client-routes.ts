// SPDX-License-Identifier: Apache-2.0
import type { Address } from '../net/address.ts';
import type { CloudRegion } from '../net/cloud-region.ts';
import { type Prefix, prefixContains } from '../net/prefix.ts';
import type {
  Backend,
  Candidate,
  DeliveryMode,
  RoutingRule,
  RoutingTable,
  Upstream,
} from './routing-table.ts';

/** Who asks, as far as it can be known: both are undefined for a client behind an unreadable header. */
export interface Client {
  readonly address: Address | undefined;
  readonly location: CloudRegion | undefined;
}

/** Where one client's requests go: to these upstreams, and for blobs to these backends first. */
export interface ClientRoutes {
  /** The nearest first. */
  readonly upstreams: readonly [Upstream, ...Upstream[]];
  readonly backends: readonly Backend[];
  readonly deliver: DeliveryMode;
  /** The place in the table of the rule that says so; undefined when none matches. */
  readonly rule: number | undefined;
}

interface Choice {
  readonly prefixes: readonly Prefix[] | undefined;
  readonly ipv4: ClientRoutes;
  readonly ipv6: ClientRoutes;
}

/**
 * Works out a table's routes. All clients of one cloud region share the work, which is done when the
 * first of them comes: the rules are walked once per place, not once per request.
 */
export function clientRoutes(table: RoutingTable): (client: Client) => ClientRoutes {
  const choicesOf = new Map<CloudRegion | undefined, readonly Choice[]>();
  return ({ address, location }) => {
    let choices = choicesOf.get(location);
    if (choices === undefined) {
      choices = planChoices(table, location);
      choicesOf.set(location, choices);
    }
    for (const choice of choices) {
      if (choice.prefixes === undefined || isWithin(choice.prefixes, address)) {
        return address?.kind === 6 ? choice.ipv6 : choice.ipv4;
      }
    }
    return { ...NO_RULE, upstreams: upstreamsByNearness(table, location) };
  };
}

const REDIRECT: DeliveryMode = { kind: 'redirect' };
const NO_RULE = { backends: [], deliver: REDIRECT, rule: undefined };

function isWithin(prefixes: readonly Prefix[], address: Address | undefined): boolean {
  return address !== undefined && prefixes.some((prefix) => prefixContains(prefix, address));
}

/** The rules that a client at this place can meet, up to the first that asks for no prefix. */
function planChoices(table: RoutingTable, location: CloudRegion | undefined): Choice[] {
  const upstreams = upstreamsByNearness(table, location);
  const choices: Choice[] = [];
  for (const [place, rule] of table.rules.entries()) {
    if (!matchesPlace(rule, location)) continue;
    const all = candidateBackends(table, rule.blobs, location);
    const routes = (family: Address['kind']): ClientRoutes => ({
      upstreams,
      backends: all.filter(({ families }) => families.includes(family)),
      deliver: rule.deliver ?? REDIRECT,
      rule: place,
    });
    choices.push({ prefixes: rule.client.prefixes, ipv4: routes(4), ipv6: routes(6) });
    if (rule.client.prefixes === undefined) break;
  }
  return choices;
}

function matchesPlace({ client }: RoutingRule, location: CloudRegion | undefined): boolean {
  const { clouds, regions } = client;
  if (clouds !== undefined && !clouds.includes(location?.cloud ?? '')) return false;
  return regions === undefined || regions.includes(location?.region ?? '');
}

/** Backends in order of preference, each once. The upstream holds everything: what follows it is never reached. */
function candidateBackends(
  table: RoutingTable,
  candidates: readonly Candidate[],
  location: CloudRegion | undefined,
): Backend[] {
  const found: Backend[] = [];
  for (const candidate of candidates) {
    if (candidate.kind === 'upstream') break;
    const left = table.backends.filter((backend) => !found.includes(backend));
    found.push(...pick(candidate, left, { location, distance: table.distance }));
  }
  return found;
}

interface Whereabouts {
  readonly location: CloudRegion | undefined;
  readonly distance: RoutingTable['distance'];
}

function pick(
  candidate: Exclude<Candidate, { kind: 'upstream' }>,
  backends: readonly Backend[],
  { location, distance }: Whereabouts,
): Backend[] {
  switch (candidate.kind) {
    case 'backend':
      return backends.filter(({ name }) => name === candidate.name);
    case 'same-region':
      return backends.filter(({ at }) => isSamePlace(at, location));
    case 'nearest':
      return byNearness(backends, location, distance).slice(0, 1);
  }
}

function isSamePlace(at: CloudRegion | undefined, location: CloudRegion | undefined): boolean {
  return at !== undefined && at.cloud === location?.cloud && at.region === location.region;
}

/** Those that are not on the map come last, in the order of the configuration. */
function upstreamsByNearness(
  table: RoutingTable,
  location: CloudRegion | undefined,
): readonly [Upstream, ...Upstream[]] {
  const near = byNearness(table.upstreams, location, table.distance);
  const others = table.upstreams.filter((upstream) => !near.includes(upstream));
  const [first = table.upstreams[0], ...rest] = [...near, ...others];
  return [first, ...rest];
}

/** By distance, whatever the cloud; of two as near, the one in the client's cloud first. Without what is not on the map. */
function byNearness<Place extends { readonly at?: CloudRegion }>(
  places: readonly Place[],
  location: CloudRegion | undefined,
  distance: RoutingTable['distance'],
): Place[] {
  if (location === undefined) return [];
  const known = places.flatMap((place) => {
    const away = isSamePlace(place.at, location) ? 0 : place.at && distance(location, place.at);
    return away === undefined ? [] : [{ place, away, abroad: place.at?.cloud !== location.cloud }];
  });
  known.sort((a, b) => a.away - b.away || Number(a.abroad) - Number(b.abroad));
  return known.map(({ place }) => place);
}
