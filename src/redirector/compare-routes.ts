// SPDX-License-Identifier: Apache-2.0
import { parseAddress } from '../core/net/address.ts';
import type { Generation } from './generation.ts';
import { servedBy } from './route-tests.ts';

/** So many of the given clients are served by `from` in one generation and by `to` in the other. */
export interface Move {
  readonly what: 'blobs' | 'manifests';
  readonly from: string;
  readonly to: string;
  readonly clients: number;
}

/** Any blob will do: every backend is taken to be well and to hold everything. */
const BLOB = `/v2/any/blobs/sha256:${'0'.repeat(64)}`;
const MANIFEST = '/v2/any/manifests/any';

/**
 * Which clients move from where to where, those that stay included, the largest groups first.
 *
 * @param addresses one for each client; what is no address counts as a client of whom nothing is known
 */
export function compareRoutes(
  before: Generation,
  after: Generation,
  addresses: readonly string[],
): readonly Move[] {
  const [old, next] = [lettingAllThrough(before), lettingAllThrough(after)];
  const moves = new Map<string, Move>();
  for (const text of addresses) {
    const address = parseAddress(text);
    for (const [what, path] of [
      ['blobs', BLOB],
      ['manifests', MANIFEST],
    ] as const) {
      const from = servedBy(old, address, path);
      const to = servedBy(next, address, path);
      const key = `${what} ${from} ${to}`;
      const clients = (moves.get(key)?.clients ?? 0) + 1;
      moves.set(key, { what, from, to, clients });
    }
  }
  return [...moves.values()].sort((a, b) => b.clients - a.clients);
}

/** Where clients go is asked with a made-up repository. */
function lettingAllThrough(generation: Generation): Generation {
  const { repositories: _, ...table } = generation.table;
  return { ...generation, table };
}
