// SPDX-License-Identifier: Apache-2.0
import type { Address } from '../core/net/address.ts';
import {
  type ClientAddressPolicy,
  clientAddress,
  headerOfPolicy,
} from '../core/net/client-address.ts';
import { buildPrefixTable } from '../core/net/prefix-table.ts';
import type { RangeEntry } from '../core/net/range-feeds/range-feed.ts';
import { type Client, type ClientRoutes, clientRoutes } from '../core/routing/client-routes.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { HttpRequest } from '../protocol/http.ts';

/**
 * Everything a decision needs, as one immutable value. A new configuration or a new feed makes the next
 * generation beside this one; a request sees one generation from start to end.
 */
export interface Generation {
  readonly table: RoutingTable;
  /** What the prefix table was built from, first come first served: for explaining, not for serving. */
  readonly sources: readonly RangeSource[];
  /** Whether redirects say in headers who serves them, and why. */
  readonly showsRoute: boolean;
  readonly clientOf: (request: HttpRequest) => Client;
  readonly clientAt: (address: Address | undefined) => Client;
  readonly routesOf: (client: Client) => ClientRoutes;
}

/** One feed, or the configuration's own prefixes (`static`). */
export interface RangeSource {
  readonly feed: string;
  readonly entries: readonly RangeEntry[];
}

export interface GenerationParts {
  readonly table: RoutingTable;
  readonly policy: ClientAddressPolicy;
  readonly sources: readonly RangeSource[];
  readonly showsRoute: boolean;
}

export function generation(parts: GenerationParts): Generation {
  const { table, policy, sources, showsRoute } = parts;
  const prefixes = buildPrefixTable(sources.flatMap(({ entries }) => entries));
  const header = headerOfPolicy(policy);
  const clientAt = (address: Address | undefined): Client => ({
    address,
    location: address === undefined ? undefined : prefixes.lookup(address),
  });
  return {
    table,
    sources,
    showsRoute,
    clientAt,
    clientOf(request) {
      const text = header === undefined ? undefined : request.header(header);
      return clientAt(clientAddress(policy, request.peer, text));
    },
    routesOf: clientRoutes(table),
  };
}
