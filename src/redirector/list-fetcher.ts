// SPDX-License-Identifier: Apache-2.0
import type { UpstreamClient } from '../upstream/upstream-client.ts';
import { MEDIA_TYPE_OF_LIST } from './list-answer.ts';
import type { ListPorts } from './upstream-lists.ts';

/** Fetches lists with the clients that hold each upstream's credentials; an upstream without one is a doubt. */
export function listFetcher(
  clientOf: (upstreamUrl: string) => UpstreamClient | undefined,
): ListPorts['fetch'] {
  return async ({ upstreamUrl, path, query, list, maxBytes, signal }) => {
    const accept = MEDIA_TYPE_OF_LIST[list];
    return clientOf(upstreamUrl)?.get(path, { query, accept, maxBytes, signal });
  };
}
