// SPDX-License-Identifier: Apache-2.0
import type { Address } from '../core/net/address.ts';
import {
  type ClientAddressPolicy,
  clientAddress,
  headerOfPolicy,
} from '../core/net/client-address.ts';
import type { CloudRegion } from '../core/net/cloud-region.ts';
import type { PrefixTable } from '../core/net/prefix-table.ts';
import { type Client, type ClientRoutes, clientRoutes } from '../core/routing/client-routes.ts';
import type { RoutingTable } from '../core/routing/routing-table.ts';
import type { HttpRequest } from '../protocol/http.ts';

/**
 * Everything a decision needs, as one immutable value. A new configuration or a new feed makes the next
 * generation beside this one; a request sees one generation from start to end.
 */
export interface Generation {
  readonly table: RoutingTable;
  readonly clientOf: (request: HttpRequest) => Client;
  readonly clientAt: (address: Address | undefined) => Client;
  readonly routesOf: (client: Client) => ClientRoutes;
}

export interface GenerationParts {
  readonly table: RoutingTable;
  readonly policy: ClientAddressPolicy;
  readonly prefixes: PrefixTable<CloudRegion>;
}

export function generation({ table, policy, prefixes }: GenerationParts): Generation {
  const header = headerOfPolicy(policy);
  const clientAt = (address: Address | undefined): Client => ({
    address,
    location: address === undefined ? undefined : prefixes.lookup(address),
  });
  return {
    table,
    clientAt,
    clientOf(request) {
      const text = header === undefined ? undefined : request.header(header);
      return clientAt(clientAddress(policy, request.peer, text));
    },
    routesOf: clientRoutes(table),
  };
}
