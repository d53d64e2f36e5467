// SPDX-License-Identifier: Apache-2.0
import type { ForeignHosts } from '../upstream/foreign-hosts.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { isOfSource } from './copy-object.ts';

/** Each of them was asked several times: manifests wait behind such layers, and would wait for hours. */
const MOST_IN_A_ROW = 50;

type MirroredHosts = Pick<ForeignHosts, 'allowed' | 'fetchBlob'>;

/** Hosts of layers from elsewhere, of which none is asked any more, for one run, once it was silent for so long. */
export function givingUpHosts(hosts: MirroredHosts): MirroredHosts {
  const silent = new Map<string, number>();
  return {
    allowed: hosts.allowed,
    async fetchBlob(url, signal) {
      const { host } = new URL(url);
      const before = () => silent.get(host) ?? 0;
      if (before() >= MOST_IN_A_ROW) throw givenUp(host);
      try {
        const body = await hosts.fetchBlob(url, signal);
        silent.set(host, 0);
        return body;
      } catch (error) {
        silent.set(host, isOfSource(error) ? before() + 1 : 0);
        throw error;
      }
    },
  };
}

/** Not as one that may answer when it is asked again. */
function givenUp(host: string): UpstreamError {
  return new UpstreamError('status', `"${host}" is not asked any more: it was silent too often`);
}
