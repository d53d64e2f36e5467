// SPDX-License-Identifier: Apache-2.0
import type { MirrorConfig } from '../../config/mirror.ts';
import type { Log } from '../../log.ts';
import { type ForeignHosts, openForeignHosts } from '../../upstream/foreign-hosts.ts';

/** Where a configuration has layers asked for that are to be had from elsewhere: of who asks the source it knows nothing. */
export function openForeign(
  { source, concurrency }: MirrorConfig,
  { log, longestWait }: { readonly log: Log; readonly longestWait: number },
): ForeignHosts | undefined {
  if (source.foreignLayers.length === 0) return undefined;
  return openForeignHosts({
    hosts: source.foreignLayers,
    privateHosts: source.privateHosts,
    perHost: concurrency,
    hostCaps: source.limits,
    limits: { longestWait, connections: concurrency },
    log,
  });
}
