// SPDX-License-Identifier: Apache-2.0
import {
  type MirrorPlan,
  type MirrorPlanner,
  mirrorPlanner,
} from '../core/mirroring/plan-mirror.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import type { ForeignHosts } from '../upstream/foreign-hosts.ts';
import { foreignLayersOf } from './foreign-layers.ts';
import { confirmMissing, type ListedTarget } from './mirror-target.ts';
import type { LookTally } from './mirror-watch.ts';
import { wantedOf } from './walk-repository.ts';
import type { FoundRepository } from './walk-source.ts';

/** What a walk over a source finds, as far as it matters for targets; a repository itself is forgotten at once. */
export interface Gathering {
  /** To be called at the end of the walk. @returns what has all of it */
  complete(): MirrorPlanner;
  /** Of repositories, and of layers that are left elsewhere. */
  readonly counts: { repositories: number; foreign: number };
  add(found: FoundRepository): void;
}

export interface GatheringOptions {
  readonly includesManifests: boolean;
  /** Where layers are asked for that are to be had from elsewhere; left out, they are left there. */
  readonly foreign?: Pick<ForeignHosts, 'allowed'> | undefined;
}

export function gathering(
  targets: readonly ListedTarget[],
  { includesManifests, foreign }: GatheringOptions,
): Gathering {
  const planner = mirrorPlanner(targets);
  const counts = { repositories: 0, foreign: 0 };
  const late: WantedObject[] = [];
  return {
    counts,
    complete() {
      // After the rest: what any repository says it has itself is asked for there.
      for (const object of late) planner.add(object);
      return planner;
    },
    add(found) {
      const { repository, known } = found;
      counts.repositories += 1;
      const { wanted, left } = foreignLayersOf(found, foreign);
      counts.foreign += left;
      late.push(...wanted);
      for (const object of wantedOf(known, { repository, includesManifests })) planner.add(object);
    },
  };
}

export async function planTargets(
  planner: MirrorPlanner,
  targets: readonly ListedTarget[],
  ports: { readonly signal: AbortSignal; readonly look: LookTally },
): Promise<MirrorPlan> {
  await confirmMissing(planner.plan().copies, targets, ports);
  const plan = planner.plan();
  forgetBroken(plan, planner, targets);
  return plan;
}

/** What has a size that no manifest says is there, and no good: unless it is replaced, no index is to claim it. */
function forgetBroken(
  { copies }: MirrorPlan,
  { isWanted }: MirrorPlanner,
  targets: readonly ListedTarget[],
): void {
  for (const { digest } of copies) {
    for (const { held } of targets) {
      const size = held.sizeOf(digest);
      if (size !== undefined && !isWanted(digest, size)) held.forget(digest);
    }
  }
}
