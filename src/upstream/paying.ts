// SPDX-License-Identifier: Apache-2.0
import { pace } from '../core/mirroring/pace.ts';

export interface PayingPorts {
  /** Milliseconds of any clock that only grows. */
  readonly now: () => number;
  /** Fails when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Waits until so much may pass. Whoever gives up meanwhile waits no longer, and hears of that elsewhere. */
export type Pay = (amount: number, signal?: AbortSignal) => Promise<void>;

/** The part of a second whose share may pass at once. */
const BURST = 1 / 4;
/** Bytes: so large are the pieces that connections and others share. */
const LARGEST_PIECE = 65_536;

export function requestsPaid(perSecond: number, ports: PayingPorts): Pay {
  return paying({ perSecond, burst: Math.max(1, perSecond * BURST) }, ports);
}

/** Has a body pass in pieces, each of which was paid for: those who read at once get about as much each. */
export type PaidBody = (
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal?: AbortSignal,
) => AsyncGenerator<Uint8Array, void, undefined>;

export function bytesPaid(perSecond: number, ports: PayingPorts): PaidBody {
  const burst = perSecond * BURST;
  const largest = Math.ceil(Math.min(LARGEST_PIECE, burst));
  const pay = paying({ perSecond, burst: Math.max(burst, largest) }, ports);
  return async function* paid(body, signal) {
    for await (const chunk of body) {
      for (let from = 0; from < chunk.byteLength; from += largest) {
        const piece = chunk.subarray(from, from + largest);
        await pay(piece.byteLength, signal);
        yield piece;
      }
    }
  };
}

function paying(options: Parameters<typeof pace>[0], { now, sleep }: PayingPorts): Pay {
  const own = pace(options);
  return async (amount, signal) => {
    const due = own.take(amount, now());
    // Timers may be a little early.
    for (let wait = due - now(); wait > 0 && signal?.aborted !== true; wait = due - now()) {
      await sleep(Math.ceil(wait), signal).catch(() => undefined);
    }
  };
}
