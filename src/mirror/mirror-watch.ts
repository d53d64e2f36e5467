// SPDX-License-Identifier: Apache-2.0

/** What a run does before it copies anything, in this order, and then that. */
export type MirrorPhase = 'listing' | 'reading' | 'looking-again' | 'copying';

/** How far the look at targets and source is. */
export interface LookTally {
  phase: MirrorPhase;
  /** Objects listed so far, by the name of the target. */
  readonly listed: Map<string, number>;
  /** Of the source. */
  repositories: number;
  read: number;
  /** Objects that no listing showed, and those of them that were looked for once more. */
  unlisted: number;
  confirmed: number;
}

/** For whoever shows how far a run is: filled as it goes. */
export interface MirrorWatch {
  readonly look: LookTally;
  /** When a phase is over, before the next one begins. */
  readonly onPhaseEnd: (phase: MirrorPhase) => void;
}

export function newWatch(onPhaseEnd: MirrorWatch['onPhaseEnd'] = () => undefined): MirrorWatch {
  return {
    look: {
      phase: 'listing',
      listed: new Map(),
      repositories: 0,
      read: 0,
      unlisted: 0,
      confirmed: 0,
    },
    onPhaseEnd,
  };
}

export function beginPhase({ look, onPhaseEnd }: MirrorWatch, phase: MirrorPhase): void {
  if (look.phase !== phase) onPhaseEnd(look.phase);
  look.phase = phase;
}
