// SPDX-License-Identifier: Apache-2.0
import { adaptiveLimit } from '../core/mirroring/adaptive-limit.ts';
import { bytesPaid, type PaidBody, requestsPaid } from './paying.ts';
import { parseRetryAfter } from './retry.ts';
import type { Transport, WireAnswer } from './transport.ts';
import { UpstreamError } from './upstream-error.ts';

/** What one host is asked, and sends, at most. */
export interface HostCaps {
  readonly requestsPerSecond?: number | undefined;
  /** Of the bodies of its answers. */
  readonly bytesPerSecond?: number | undefined;
}

export interface HostLimiterOptions extends HostCaps {
  /** Requests to one host at once, bodies that are being read among them. */
  readonly most: number;
  /** The longest a host is left alone because it asked for it, in milliseconds. */
  readonly longestPause: number;
  /** Milliseconds of any clock that only grows. */
  readonly now: () => number;
  /** Fails when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
}

const CALM = 1_000;

/** Hosts answer so when they are asked too much, or cannot keep up. */
const OVERLOADED = [429, 500, 502, 503, 504];

/**
 * A transport that gives no host more at once than it bears, whatever is asked of it: lists, tokens, manifests,
 * blobs. A host that asks for a pause gets it from everybody. Caps that are given hold whatever it would bear.
 */
export function limitedTransport(transport: Transport, options: HostLimiterOptions): Transport {
  const hosts = new Map<string, HostGate>();
  const gateOf = (host: string): HostGate => {
    const gate = hosts.get(host) ?? openGate(options);
    hosts.set(host, gate);
    return gate;
  };
  return {
    close: transport.close,
    async send(request) {
      const gate = gateOf(request.url.host);
      await gate.enter(request.signal);
      try {
        const answer = await transport.send(request);
        noteAnswer(gate, answer, options);
        const body = gate.paid?.(answer.body, request.signal) ?? answer.body;
        return leavingAtTheEnd({ ...answer, body }, once(gate.leave));
      } catch (error) {
        if (isOverload(error)) gate.overloaded();
        gate.leave();
        throw error;
      }
    },
  };
}

function noteAnswer(gate: HostGate, { status, header }: WireAnswer, options: HostLimiterOptions) {
  if (!OVERLOADED.includes(status)) return gate.done();
  gate.overloaded();
  const asked = parseRetryAfter(header('retry-after'), Date.now()) ?? 0;
  gate.pause(Math.min(asked, options.longestPause));
}

function isOverload(error: unknown): boolean {
  return error instanceof UpstreamError && ['timeout', 'unreachable'].includes(error.code);
}

interface HostGate {
  /** Its bodies at its pace, when it has one. */
  readonly paid: PaidBody | undefined;
  enter(signal: AbortSignal | undefined): Promise<void>;
  leave(): void;
  done(): void;
  overloaded(): void;
  pause(milliseconds: number): void;
}

function openGate({ requestsPerSecond, bytesPerSecond, ...options }: HostLimiterOptions): HostGate {
  const { most, now, sleep } = options;
  const pay = requestsPerSecond && requestsPaid(requestsPerSecond, options);
  const limit = adaptiveLimit({ most, calm: CALM });
  const waiting: Array<() => void> = [];
  let inside = 0;
  let closedUntil = 0;
  const admit = (): void => {
    while (inside < limit.current()) {
      const next = waiting.shift();
      if (next === undefined) return;
      inside += 1;
      next();
    }
  };
  return {
    paid: bytesPerSecond === undefined ? undefined : bytesPaid(bytesPerSecond, options),
    async enter(signal) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        admit();
      });
      if (pay) await pay(1, signal);
      const pause = closedUntil - now();
      // Whoever gives up meanwhile hears of it from the transport.
      if (pause > 0) await sleep(pause, signal).catch(() => undefined);
    },
    leave() {
      inside -= 1;
      admit();
    },
    done: () => limit.note('done', now()),
    overloaded: () => limit.note('overloaded', now()),
    pause: (milliseconds) => {
      closedUntil = Math.max(closedUntil, now() + milliseconds);
    },
  };
}

/** A body takes its place until it was read, left or discarded. */
function leavingAtTheEnd(answer: WireAnswer, leave: () => void): WireAnswer {
  return {
    ...answer,
    body: leavingBody(answer.body, leave),
    async discard() {
      try {
        await answer.discard();
      } finally {
        leave();
      }
    },
  };
}

async function* leavingBody(
  body: AsyncIterable<Uint8Array>,
  leave: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } finally {
    leave();
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
