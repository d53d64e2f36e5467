// SPDX-License-Identifier: Apache-2.0
import type { LRUCache } from 'lru-cache';
import type { PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { ForeignHosts } from '../upstream/foreign-hosts.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import type { OpenObject } from './copy-object.ts';
import type { MirrorSource } from './mirror-source.ts';

export interface ObjectPlaces {
  readonly source: MirrorSource;
  /** Bytes of manifests that need not be read again. */
  readonly kept: Pick<LRUCache<Digest, Uint8Array>, 'get'>;
  /** Left out, nothing is asked for anywhere but at the source. */
  readonly foreign?: Pick<ForeignHosts, 'fetchBlob'> | undefined;
}

export function objectOpener({ source, kept, foreign }: ObjectPlaces): OpenObject {
  const openElsewhere = foreign && foreignOpener(source, foreign);
  return async (copy, signal) => {
    const { kind, repository, digest, urls } = copy;
    if (openElsewhere && urls !== undefined) return openElsewhere(copy, urls, signal);
    const content = source.content(repository);
    if (kind === 'blob') return content.fetchBlob(digest, signal);
    const bytes = kept.get(digest) ?? (await content.fetchManifest(digest, signal))?.bytes;
    return bytes && inOnePiece(bytes);
  };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

type Body = AsyncIterable<Uint8Array>;

/** The source first, which may have it, then each URL. Whoever gave wrong bytes is asked again after all the others. */
function foreignOpener(source: MirrorSource, foreign: Pick<ForeignHosts, 'fetchBlob'>) {
  /** Where to begin: the attempts at one copy are given the same value. */
  const next = new WeakMap<PlannedCopy, number>();
  return async (
    copy: PlannedCopy,
    urls: readonly string[],
    signal: AbortSignal,
  ): Promise<Body | undefined> => {
    const { repository, digest } = copy;
    const places = [
      () => source.content(repository).fetchBlob(digest, signal),
      ...urls.map((url) => () => foreign.fetchBlob(url, signal)),
    ];
    const first = next.get(copy) ?? 0;
    let failure: unknown = nowhere(repository);
    for (let step = 0; step < places.length; step += 1) {
      const place = (first + step) % places.length;
      next.set(copy, place + 1);
      try {
        const body = await places[place]?.();
        if (body !== undefined) return body;
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  };
}

function nowhere(repository: string): UpstreamError {
  return new UpstreamError('status', `"${repository}" lacks it, and so do its URLs`, {
    status: 404,
  });
}
