// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Selection } from '../../core/mirroring/selection.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { BlobPath } from '../../core/routing/blob-path.ts';
import type { Log } from '../../log.ts';
import { follower } from '../../mirror/follow.ts';
import { registryChanges } from '../../registry/events/registry-changes.ts';
import { storeSource } from '../../registry/transfer/store-source.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { COPY_PORTS } from '../mirror/copy-ports.ts';

export interface DevBackend {
  readonly name: string;
  readonly store: StorageDriver;
  /** As the front knows it. */
  readonly publicUrl: string;
  readonly blobPath: BlobPath;
}

export interface DevMirrorOptions {
  readonly registry: StorageDriver;
  readonly backends: readonly DevBackend[];
  /** Comes without an event: nobody is to wait for that to be written. */
  readonly sample: Digest;
  readonly log: Log;
  /** After each time that indexes were published. */
  readonly onPublished: () => Promise<void>;
}

const HOUR = 3_600_000;
/** Milliseconds: what is pushed is at the backends before its client has turned round to pull it. */
const POLL = 250;
const SETTLE = 200;
const GRACE = 2_000;

const EVERYTHING: Selection = {
  repository: undefined,
  below: '',
  meansRepository: () => true,
  meansTag: () => true,
};

/** Keeps the backends filled with what is in the registry, as `archeion mirror follow` does. */
export function startDevMirror({ registry, backends, sample, log, onPublished }: DevMirrorOptions) {
  const ending = new AbortController();
  const cut = new AbortController();
  let filled = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    filled = resolve;
  });
  const { run } = follower({
    mirror: {
      source: storeSource(registry),
      selections: [EVERYTHING],
      declared: new Map(),
      targets: backends,
      isImmutable: () => false,
      includesManifests: true,
      referrersAfter: HOUR,
      index: { validFor: 24 * HOUR, privateKey: undefined, every: HOUR },
      now: Date.now,
      onProblem: (problem) => log.warn('mirror-problem', { problem }),
      signal: cut.signal,
    },
    feed: registryChanges(registry),
    wish: `everything, with ${sample}`,
    copy: COPY_PORTS,
    concurrency: 8,
    sweepEvery: HOUR,
    poll: POLL,
    settle: SETTLE,
    ending: ending.signal,
    sleep: (milliseconds) =>
      delay(milliseconds, undefined, { signal: ending.signal }).catch(() => undefined),
    async onRound() {
      await onPublished();
      filled();
    },
  });
  const running = run().finally(filled);
  return {
    /** Resolves when the backends have what was in the registry at the start. */
    first,
    async stop() {
      ending.abort();
      const timer = setTimeout(() => cut.abort(), GRACE);
      await running;
      clearTimeout(timer);
    },
  };
}
