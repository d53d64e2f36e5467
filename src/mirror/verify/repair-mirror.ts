// SPDX-License-Identifier: Apache-2.0
import type { PlannedCopy } from '../../core/mirroring/plan-mirror.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { CarryOutPorts } from '../fill-targets.ts';
import type { MirrorOptions } from '../mirror.ts';
import { publishTarget } from '../publish-target.ts';
import { changeWithheld, type Withheld } from '../withheld.ts';
import { messageOf } from './check-target.ts';
import type { VerifiedMirror, VerifiedTarget } from './verify-mirror.ts';

export interface RepairOptions {
  readonly mirror: Pick<MirrorOptions, 'index' | 'onProblem' | 'now' | 'signal'>;
  readonly ports: CarryOutPorts;
  /** Objects at a time. */
  readonly concurrency: number;
}

/**
 * Copies what is missing, not whole or corrupt. What is corrupt is in no index from before the first copy until it has
 * been replaced, and stays where it is until then: a front that has an older index finds what it found before.
 */
export async function repairMirror(
  verified: VerifiedMirror,
  { mirror, ports, concurrency }: RepairOptions,
): Promise<readonly string[]> {
  const { prepared, targets } = verified;
  for (const one of targets) if (one.corrupt.length > 0) await withhold(one, verified, mirror);
  return prepared.carryOut({ ...ports, again: copiesAgain(verified) }, concurrency);
}

async function withhold(
  { target, corrupt }: VerifiedTarget,
  { prepared }: VerifiedMirror,
  mirror: RepairOptions['mirror'],
): Promise<void> {
  const at = mirror.now();
  try {
    await changeWithheld(target.store, async (digests) => {
      // What is on its way out is withheld already.
      const added = corrupt.filter(
        ({ digest }) => (digests.get(digest)?.kind ?? 'corrupt') === 'corrupt',
      );
      const entries = added.map(({ digest, version }): [Digest, Withheld] => [
        digest,
        { kind: 'corrupt', at, version },
      ]);
      return new Map([...digests, ...entries]);
    });
  } catch (error) {
    mirror.signal.throwIfAborted();
    mirror.onProblem(`${target.name}: what is corrupt cannot be noted there: ${messageOf(error)}`);
  }
  const { looked, wanted } = prepared;
  await publishTarget(mirror, target, {
    createdAt: looked.at,
    wanted,
    isRevision: true,
    isInterim: true,
  });
}

/** Those of which the source is said to have the same number of bytes; others count as not whole anyway. */
function copiesAgain({ prepared, targets }: VerifiedMirror): readonly PlannedCopy[] {
  const versions = versionsOf(targets);
  const copies = new Map<Digest, PlannedCopy>();
  for (const object of versions.size === 0 ? [] : prepared.wanted()) {
    const found = versions.get(object.digest);
    if (found === undefined || found.size !== object.size) continue;
    const { replaces } = found;
    copies.set(object.digest, { ...object, targets: [...replaces.keys()], replaces });
  }
  return [...copies.values()];
}

interface CorruptObject {
  readonly size: number;
  /** Its versions, by the names of the targets. */
  readonly replaces: Map<string, string>;
}

function versionsOf(targets: readonly VerifiedTarget[]): ReadonlyMap<Digest, CorruptObject> {
  const versions = new Map<Digest, CorruptObject>();
  for (const { target, corrupt } of targets) {
    for (const { digest, size, version } of corrupt) {
      const one = versions.get(digest) ?? { size, replaces: new Map() };
      versions.set(digest, one);
      one.replaces.set(target.name, version);
    }
  }
  return versions;
}
