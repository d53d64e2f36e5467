// SPDX-License-Identifier: Apache-2.0
import { type Address, parseAddress } from '../core/net/address.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import { decideRoute, deliveryOf } from '../core/routing/decide-route.ts';
import type { Generation } from './generation.ts';

/** What the operator expects of a configuration: a client, a path, and who is to serve it. */
export interface RouteTest {
  readonly client: string;
  readonly path: string;
  /** The name of a backend or an upstream. */
  readonly expect: string;
}

/** Decides each route as if every backend were well and held everything, and says which came out otherwise. */
export function failedRouteTests(generation: Generation, tests: readonly RouteTest[]): string[] {
  return tests.flatMap((test, place) => {
    const { client, path, expect } = test;
    const found = servedBy(generation, parseAddress(client), path);
    if (found === expect) return [];
    return [`tests.${place}: ${client} asking for ${path} gets "${found}", not "${expect}"`];
  });
}

/** The name of who serves a request when every backend is well and holds everything. */
export function servedBy(
  generation: Generation,
  address: Address | undefined,
  path: string,
): string {
  const target = parseRequestTarget(path);
  if (target === undefined) return 'no answer, the path is malformed';
  const client = generation.clientAt(address);
  const decision = decideRoute(target, {
    table: generation.table,
    routes: generation.routesOf(client),
    knows: () => 'held',
    isWell: () => true,
  });
  switch (decision.kind) {
    case 'redirect':
    case 'proxy':
      return decision.by;
    case 'fetch-list':
      return decision.otherwise.by;
    case 'probe':
      return deliveryOf(decision.otherwise).by;
    case 'accept':
    case 'endpoints':
      return 'the front itself';
    case 'refuse':
      return `a refusal, ${decision.code}`;
  }
}
