// SPDX-License-Identifier: Apache-2.0
import type { PreparedMirror } from '../../mirror/mirror.ts';
import { type MirrorPhase, type MirrorWatch, newWatch } from '../../mirror/mirror-watch.ts';
import { redrawnBlock, type TerminalSize } from '../redrawn-block.ts';
import { type ByteRate, byteRate } from './byte-rate.ts';
import { type MirrorReading, progressJson, progressLines } from './mirror-progress-lines.ts';

export interface MirrorProgressPorts {
  readonly write: (text: string) => void;
  /** Undefined for what is no terminal: programs read it then. */
  readonly size: (() => TerminalSize) | undefined;
  /** Has something done every so many milliseconds; returns what ends that. */
  readonly every: (milliseconds: number, work: () => void) => () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How much went wrong so far. */
  readonly problems: () => number;
}

/** Shows how far a run is, from its first list to its end. */
export interface MirrorProgress {
  readonly watch: MirrorWatch;
  /** For what is said meanwhile. */
  readonly say: (text: string) => void;
  /** What is copied from now on. */
  copies(prepared: Pick<PreparedMirror, 'plan' | 'tallies'>): void;
  end(): void;
}

/** Milliseconds. */
const REDRAW = 500;
const LINES = 10_000;

export function openMirrorProgress(ports: MirrorProgressPorts): MirrorProgress {
  const { write, size, every, now, problems } = ports;
  const rates = new Map<string, ByteRate>();
  const watch = newWatch((phase) => show(phase));
  let prepared: Pick<PreparedMirror, 'plan' | 'tallies'> | undefined;
  const read = (): MirrorReading => {
    const at = now();
    const targets = (prepared?.plan.targets ?? []).flatMap((gap) => {
      const tally = prepared?.tallies.get(gap.name);
      if (tally === undefined) return [];
      const rate = rates.get(gap.name) ?? byteRate();
      rates.set(gap.name, rate);
      return [{ gap, tally, bytesPerSecond: rate.note(tally.bytes + tally.moving, at) }];
    });
    return { look: watch.look, problems: problems(), targets };
  };
  const block = size && redrawnBlock(write, size);
  const show = (phase: MirrorPhase): void => {
    if (block === undefined) {
      write(progressJson(read(), { phase, time: new Date(now()).toISOString() }));
    } else block.draw(progressLines(read()));
  };
  const stop = every(block === undefined ? LINES : REDRAW, () => show(watch.look.phase));
  let isOver = false;
  return {
    watch,
    say: block?.say ?? write,
    copies(given) {
      prepared = given;
      read();
    },
    end() {
      if (isOver) return;
      isOver = true;
      stop();
      if (prepared !== undefined) show('copying');
    },
  };
}
