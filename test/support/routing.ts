// SPDX-License-Identifier: Apache-2.0
import { parseBlobPath } from '../../src/core/routing/blob-path.ts';
import type { Backend, RoutingTable, Upstream } from '../../src/core/routing/routing-table.ts';

/** Values for tests: what a test does not care about has a plain default. */
export function someUpstream(name: string, fields: Partial<Upstream> = {}): Upstream {
  return { name, url: `https://${name}.example`, repositoryPrefix: 'acme/images/', ...fields };
}

export function someBackend(name: string, fields: Partial<Backend> = {}): Backend {
  const blobPath = parseBlobPath('containers/images/{digest}');
  if (blobPath === undefined) throw new Error('the template is valid');
  return { name, url: `https://${name}.example/`, blobPath, families: [4, 6], ...fields };
}

export function someTable(fields: Partial<RoutingTable> = {}): RoutingTable {
  return {
    pages: {},
    upstreams: [someUpstream('main')],
    backends: [],
    rules: [],
    lists: { tags: 'fetch', referrers: 'fetch' },
    distance: () => undefined,
    ...fields,
  };
}
