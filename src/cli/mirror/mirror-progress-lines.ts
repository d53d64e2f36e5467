// SPDX-License-Identifier: Apache-2.0
import type { TargetGap } from '../../core/mirroring/plan-mirror.ts';
import type { TargetTally } from '../../mirror/carry-out.ts';
import type { LookTally, MirrorPhase } from '../../mirror/mirror-watch.ts';
import { sizeText } from '../size-text.ts';

/** How far one target is. */
export interface TargetProgress {
  readonly gap: TargetGap;
  readonly tally: Readonly<TargetTally>;
  /** Of the last few seconds. */
  readonly bytesPerSecond: number;
}

export interface MirrorReading {
  readonly look: Readonly<LookTally>;
  readonly problems: number;
  /** Once there is something to copy. */
  readonly targets: readonly TargetProgress[];
}

/** For people: a line for each thing that is under way. */
export function progressLines(reading: MirrorReading): readonly string[] {
  const { look, problems, targets } = reading;
  const gone = problems === 0 ? '' : `, ${problems} problems`;
  switch (look.phase) {
    case 'listing':
      return Array.from(look.listed, ([name, count]) => `${name}: ${count} objects listed${gone}`);
    case 'reading':
      return [`source: ${look.read} of ${look.repositories} repositories read${gone}`];
    case 'looking-again':
      return [`looked again for ${look.confirmed} of ${look.unlisted} that are not listed${gone}`];
    case 'copying':
      return targets.map(targetLine);
  }
}

/** What went wrong comes first: the end of a line may not fit. */
function targetLine({ gap, tally, bytesPerSecond }: TargetProgress): string {
  const { copied, bytes, moving, failed, lost } = tally;
  const there = bytes + moving;
  const left = secondsLeft(gap.bytes - there, bytesPerSecond);
  return [
    `${gap.name}: ${lost === undefined ? '' : `given up, ${lost}: `}${copied} of ${objectsOf(gap)} objects`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    `${sizeText(there)} of ${sizeText(gap.bytes)}`,
    `${sizeText(bytesPerSecond)} a second`,
    ...(bytesPerSecond === 0 ? [] : [leftText(left)]),
  ].join(', ');
}

function leftText(seconds: number): string {
  return seconds < 120 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`;
}

/** For programs: a line of JSON for each target, and of the source while that is read. */
export function progressJson(
  { look, problems, targets }: MirrorReading,
  { phase, time }: { readonly phase: MirrorPhase; readonly time: string },
): string {
  const line = (fields: object) => `${JSON.stringify({ time, phase, ...fields })}\n`;
  const errors = problems;
  switch (phase) {
    case 'listing':
      return Array.from(look.listed, ([target, objects]) => line({ target, objects, errors })).join(
        '',
      );
    case 'reading':
      return line({ read: look.read, repositories: look.repositories, errors });
    case 'looking-again':
      return line({ confirmed: look.confirmed, unlisted: look.unlisted, errors });
    case 'copying':
      return targets.map((target) => line(targetFields(target))).join('');
  }
}

function targetFields({ gap, tally, bytesPerSecond }: TargetProgress) {
  const { copied, bytes, moving, failed, lost } = tally;
  const remaining = Math.max(0, gap.bytes - bytes - moving);
  return {
    target: gap.name,
    objects: copied,
    of: objectsOf(gap),
    bytes: bytes + moving,
    bytesPerSecond,
    remaining,
    ...(bytesPerSecond > 0 && { secondsLeft: secondsLeft(remaining, bytesPerSecond) }),
    errors: failed,
    ...(lost !== undefined && { lost }),
  };
}

function objectsOf({ blobs, manifests }: TargetGap): number {
  return blobs + manifests;
}

function secondsLeft(bytes: number, bytesPerSecond: number): number {
  return Math.max(0, Math.round(bytes / bytesPerSecond));
}
