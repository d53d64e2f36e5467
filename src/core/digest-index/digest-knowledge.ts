// SPDX-License-Identifier: Apache-2.0
import { algorithmOf, type Digest, type DigestAlgorithm, hexOf } from '../oci/digest.ts';
import type { DigestSet } from './digest-set.ts';
import {
  type Holdings,
  isHeldBy,
  NO_HOLDINGS,
  sizeIn,
  withBackend,
  withoutBackend,
} from './holdings.ts';

/** What one backend's index says. Times are milliseconds since 1970. */
export interface BackendIndex {
  readonly sets: Readonly<Record<DigestAlgorithm, DigestSet>>;
  readonly validUntil: number;
}

/** What all digest indexes say together: one immutable value, replaced whole when one of them changes. */
export interface DigestKnowledge {
  /** Undefined when the backend has no index, or none that may be believed now: then somebody has to ask. */
  knows(backend: string, digest: Digest, now: number): 'held' | 'absent' | undefined;
  isValid(backend: string, now: number): boolean;
  /** In bytes, when any index says so and sizes were read. It never changes, so that no index is too old for it. */
  sizeOf(digest: Digest): number | undefined;
  /** In place of what that backend's last index said. */
  with(backend: string, index: BackendIndex): DigestKnowledge;
  without(backend: string): DigestKnowledge;
}

interface Parts {
  readonly sha256: Holdings;
  readonly sha512: Holdings;
  readonly validUntil: ReadonlyMap<string, number>;
}

export const NO_KNOWLEDGE = knowledge({
  sha256: NO_HOLDINGS,
  sha512: NO_HOLDINGS,
  validUntil: new Map(),
});

function knowledge(parts: Parts): DigestKnowledge {
  const { validUntil } = parts;
  const isValid = (backend: string, now: number) => now < (validUntil.get(backend) ?? now);
  return {
    isValid,
    sizeOf: (digest) => sizeIn(parts[algorithmOf(digest)], hexOf(digest)),
    knows(backend, digest, now) {
      if (!isValid(backend, now)) return undefined;
      return isHeldBy(parts[algorithmOf(digest)], hexOf(digest), backend) ? 'held' : 'absent';
    },
    with: (backend, index) => knowledge(withIndex(takenOut(parts, backend), backend, index)),
    without: (backend) => knowledge(takenOut(parts, backend)),
  };
}

function withIndex(parts: Parts, backend: string, { sets, validUntil }: BackendIndex): Parts {
  return {
    sha256: withBackend(parts.sha256, backend, sets.sha256),
    sha512: withBackend(parts.sha512, backend, sets.sha512),
    validUntil: new Map([...parts.validUntil, [backend, validUntil]]),
  };
}

function takenOut(parts: Parts, backend: string): Parts {
  if (!parts.validUntil.has(backend)) return parts;
  return {
    sha256: withoutBackend(parts.sha256, backend),
    sha512: withoutBackend(parts.sha512, backend),
    validUntil: new Map([...parts.validUntil].filter(([name]) => name !== backend)),
  };
}
