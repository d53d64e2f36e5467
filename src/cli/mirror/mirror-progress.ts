// SPDX-License-Identifier: Apache-2.0
import type { TargetGap } from '../../core/mirroring/plan-mirror.ts';
import type { TargetTally } from '../../mirror/carry-out.ts';
import { sizeText } from '../size-text.ts';

/** How far one target is. */
export interface TargetProgress {
  readonly gap: TargetGap;
  readonly tally: Readonly<TargetTally>;
  /** Of the last few seconds. */
  readonly bytesPerSecond: number;
}

export interface MirrorProgressPorts {
  readonly read: () => ReadonlyArray<Omit<TargetProgress, 'bytesPerSecond'>>;
  readonly say: (text: string) => void;
  readonly isJson: boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

const INTERVAL = 5_000;

/** Says every few seconds how far each target is. Returns what ends that. */
export function sayMirrorProgress({ read, say, isJson, now }: MirrorProgressPorts): () => void {
  let before = { at: now(), bytes: new Map<string, number>() };
  const timer = setInterval(() => {
    const at = now();
    const bytes = new Map<string, number>();
    for (const { gap, tally } of read()) {
      const moved = tally.bytes - (before.bytes.get(gap.name) ?? 0);
      const bytesPerSecond = Math.round((moved * 1_000) / Math.max(at - before.at, 1));
      bytes.set(gap.name, tally.bytes);
      say(progressText({ gap, tally, bytesPerSecond }, isJson));
    }
    before = { at, bytes };
  }, INTERVAL);
  return () => clearInterval(timer);
}

export function progressText(progress: TargetProgress, isJson: boolean): string {
  const { gap, tally, bytesPerSecond } = progress;
  const { copied, bytes, failed } = tally;
  const objects = gap.blobs + gap.manifests;
  if (isJson) {
    const line = { target: gap.name, copied, objects, bytes, of: gap.bytes, failed };
    return `${JSON.stringify({ ...line, bytesPerSecond })}\n`;
  }
  const left = bytesPerSecond === 0 ? '' : `, ${leftText((gap.bytes - bytes) / bytesPerSecond)}`;
  return `${gap.name}: ${copied} of ${objects} objects, ${sizeText(bytes)} of ${sizeText(gap.bytes)}, ${sizeText(bytesPerSecond)} a second${left}, ${failed} failed\n`;
}

function leftText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 120 ? `${whole} s left` : `${Math.round(whole / 60)} min left`;
}
