// SPDX-License-Identifier: Apache-2.0
import { sizeText } from './size-text.ts';

export interface Progress {
  readonly objects: number;
  readonly bytes: number;
}

export interface ProgressPorts {
  readonly progress: () => Progress;
  readonly say: (text: string) => void;
  /** Milliseconds. */
  readonly now: () => number;
}

const INTERVAL = 5_000;

/** Says every few seconds how far something has come, and how fast it goes. Returns what ends that. */
export function sayProgress(ports: ProgressPorts): () => void {
  let before = { ...ports.progress(), at: ports.now() };
  const timer = setInterval(() => {
    const current = { ...ports.progress(), at: ports.now() };
    ports.say(progressLine(before, current));
    before = current;
  }, INTERVAL);
  return () => clearInterval(timer);
}

interface Reading extends Progress {
  readonly at: number;
}

export function progressLine(before: Reading, current: Reading): string {
  const seconds = Math.max(current.at - before.at, 1) / 1_000;
  const objects = Math.round((current.objects - before.objects) / seconds);
  const bytes = Math.round((current.bytes - before.bytes) / seconds);
  return `${current.objects} objects, ${sizeText(current.bytes)} so far; ${objects} objects and ${sizeText(bytes)} a second\n`;
}
