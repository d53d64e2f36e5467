// SPDX-License-Identifier: Apache-2.0
import { listTarget } from './mirror-target.ts';
import type { MirrorWatch } from './mirror-watch.ts';
import type { PublishedTarget, SeenTarget } from './publish-target.ts';
import { readPointer } from './target-index.ts';

/** What targets hold, by their listings and by what was brought since. */
export interface LookedTargets {
  /** When they were listed; milliseconds since 1970. */
  readonly at: number;
  readonly targets: readonly SeenTarget[];
}

/** Those that can be read; of the others it is told. */
export async function lookAtTargets({
  targets,
  signal,
  onProblem,
  now,
  watch,
}: LookOptions): Promise<LookedTargets> {
  const at = now();
  const looked = await Promise.allSettled(
    targets.map(async (target): Promise<SeenTarget> => {
      // Before the listing: whatever is published after this knows of what the listing may have missed.
      const seen = await readPointer(target.store);
      return { ...target, ...(await listTarget(target, signal, watch)), seen, isCurrent: false };
    }),
  );
  signal.throwIfAborted();
  const readable = looked.flatMap((result, place) => {
    if (result.status === 'fulfilled') return [result.value];
    onProblem(`${targets[place]?.name}: ${messageOf(result.reason)}`);
    return [];
  });
  return { at, targets: readable };
}

export interface LookOptions {
  readonly targets: readonly PublishedTarget[];
  readonly signal: AbortSignal;
  readonly onProblem: (problem: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly watch?: MirrorWatch;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
