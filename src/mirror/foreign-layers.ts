// SPDX-License-Identifier: Apache-2.0
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import type { ForeignHosts } from '../upstream/foreign-hosts.ts';
import type { ForeignLayer } from './known-repository.ts';
import { BLOB_TYPE } from './walk-repository.ts';
import type { FoundRepository } from './walk-source.ts';

export interface ForeignLayers {
  /** Those that may be asked for at one of their URLs. */
  readonly wanted: readonly WantedObject[];
  /** How many are left where they are. */
  readonly left: number;
}

/** What becomes of the layers that are to be had from elsewhere; without hosts that are allowed, nothing. */
export function foreignLayersOf(
  { repository, known }: FoundRepository,
  hosts: Pick<ForeignHosts, 'allowed'> | undefined,
): ForeignLayers {
  const wanted: WantedObject[] = [];
  let left = 0;
  for (const { foreign, elsewhere = [] } of known.manifests.values()) {
    const allowed = elsewhere.flatMap((layer) => wantedLayer(layer, repository, hosts));
    wanted.push(...allowed);
    left += foreign - allowed.length;
  }
  return { wanted, left };
}

function wantedLayer(
  { digest, size, urls }: ForeignLayer,
  repository: string,
  hosts: Pick<ForeignHosts, 'allowed'> | undefined,
): readonly WantedObject[] {
  const allowed = hosts?.allowed(urls) ?? [];
  if (allowed.length === 0) return [];
  return [{ kind: 'blob', digest, size, mediaType: BLOB_TYPE, repository, urls: allowed }];
}
