// SPDX-License-Identifier: Apache-2.0
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { MEDIA_TYPE_OF_LIST } from './list-answer.ts';
import type { ListPorts } from './upstream-lists.ts';

/** Fetches lists with the clients that hold each upstream's credentials. */
export function listFetcher(
  clientOf: (upstream: string) => Promise<UpstreamClient>,
): ListPorts['fetch'] {
  return async ({ upstream, path, query, list, maxBytes, signal }) => {
    const accept = MEDIA_TYPE_OF_LIST[list];
    return (await clientOf(upstream)).get(path, { query, accept, maxBytes, signal });
  };
}
