// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { DELETING_FOR } from '../settle-withheld.ts';
import type { Withheld, WithheldDigests } from '../withheld.ts';
import type { SeenObject } from './finding.ts';

export interface PruneFacts {
  readonly withheld: WithheldDigests;
  /** What is there, and nothing leads to. */
  readonly unreferenced: readonly SeenObject[];
  readonly isNeeded: (digest: Digest) => boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds that something is unwanted before it goes. */
  readonly grace: number;
  /** Digests that may be withheld at once. */
  readonly most: number;
}

export interface PrunePlan {
  /** To be kept out of the index from now on. */
  readonly withdraw: readonly SeenObject[];
  /** To be deleted: long enough out of the index, and no index that is believed claims it. */
  readonly due: readonly Digest[];
  /** Withdrawn, and not yet due. */
  readonly waiting: number;
}

/** Clocks of fronts may be so far behind ours. */
export const SKEW = 300_000;

/** What becomes of what nothing leads to. What is needed, and withheld all the same, is for the next index to take up. */
export function planPrune(facts: PruneFacts): PrunePlan {
  const { withheld, unreferenced, isNeeded, most } = facts;
  const room = Math.max(0, most - withheld.size);
  const withdraw = unreferenced.filter((seen) => isNew(withheld.get(seen.digest), seen));
  const fresh = new Set(withdraw.map(({ digest }) => digest));
  const due: Digest[] = [];
  let waiting = 0;
  for (const [digest, one] of withheld) {
    if (isNeeded(digest) || fresh.has(digest)) continue;
    if (isDue(one, facts)) due.push(digest);
    else if (one.kind === 'unwanted' || one.kind === 'deleting') waiting += 1;
  }
  return { withdraw: withdraw.slice(0, room), due, waiting };
}

/** What was written anew since it was withdrawn, or deleted, somebody wanted: its time begins again. */
function isNew(withheld: Withheld | undefined, { version }: SeenObject): boolean {
  if (withheld?.kind === 'unwanted') return withheld.version !== version;
  return withheld?.kind !== 'deleting';
}

export function isDue(
  withheld: Withheld,
  { now, grace }: Pick<PruneFacts, 'now' | 'grace'>,
): boolean {
  const { kind, at } = withheld;
  // Whoever was deleting it has died over that; a time that is still to come is that of a clock which was wrong.
  if (kind === 'deleting') return Math.abs(now - at) > DELETING_FOR;
  if (kind !== 'unwanted' || withheld.until === undefined) return false;
  return now >= at + grace && now > withheld.until + SKEW;
}
