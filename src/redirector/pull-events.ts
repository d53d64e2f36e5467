// SPDX-License-Identifier: Apache-2.0
import type { CloudRegion } from '../core/net/cloud-region.ts';
import type { Digest } from '../core/oci/digest.ts';
import { parseRegistryRoute } from '../core/oci/registry-route.ts';
import { parseRequestTarget } from '../core/oci/request-target.ts';
import type { Delivery, RouteReason } from '../core/routing/route-plan.ts';
import type { HttpRequest } from '../protocol/http.ts';

/** One pull of a manifest or a blob. There is no address in it, and there never will be. */
export interface PullEvent {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly kind: 'manifest' | 'blob';
  readonly repository: string;
  /** A tag or a digest; of a blob, its digest. */
  readonly reference: string;
  readonly cloud: string;
  readonly region: string;
  /** The backend or upstream that serves it. */
  readonly by: string;
  readonly reason: RouteReason;
  readonly deliver: Delivery['kind'];
  /** Of the blob, when a digest index knows. */
  readonly bytes: number | undefined;
}

export interface Pull {
  readonly request: HttpRequest;
  readonly delivery: Delivery;
  readonly place: CloudRegion;
}

export type RecordPull = (pull: Pull) => void;

export interface PullEventPorts {
  readonly write: (event: PullEvent) => void;
  readonly sizeOf: (digest: Digest) => number | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Says what is pulled. A HEAD request pulls nothing, and neither does looking at a list. */
export function pullRecorder({ write, sizeOf, now }: PullEventPorts): RecordPull {
  return ({ request, delivery, place }) => {
    if (request.method !== 'GET') return;
    const content = contentOf(request.target);
    if (content === undefined) return;
    const { digest, ...pulled } = content;
    const { by, reason, kind: deliver } = delivery;
    write({
      time: new Date(now()).toISOString(),
      ...pulled,
      ...place,
      by,
      reason,
      deliver,
      bytes: digest === undefined ? undefined : sizeOf(digest),
    });
  };
}

interface PulledContent extends Pick<PullEvent, 'kind' | 'repository' | 'reference'> {
  readonly digest: Digest | undefined;
}

function contentOf(target: string): PulledContent | undefined {
  const route = parseRegistryRoute(parseRequestTarget(target)?.path ?? '');
  if (route.kind === 'blob') {
    const { kind, repository, digest } = route;
    return { kind, repository, reference: digest, digest };
  }
  if (route.kind !== 'manifest') return undefined;
  const { kind, repository, reference } = route;
  const text = reference.kind === 'tag' ? reference.tag : reference.digest;
  return { kind, repository, reference: text, digest: undefined };
}
