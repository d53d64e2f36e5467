// SPDX-License-Identifier: Apache-2.0
import { UpstreamError } from '../../upstream/upstream-error.ts';

export interface Patience {
  /** Attempts after the first. */
  readonly retries: number;
  /** Milliseconds before the first retry, at most; doubled for each next. */
  readonly backoff: number;
  /** The longest wait that a registry may ask for. */
  readonly longestWait: number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** At least 0, less than 1. */
  readonly random: () => number;
}

/** Wrong bytes are most often those of a connection that broke without saying so. */
const MAY_PASS: readonly string[] = ['unreachable', 'timeout', 'wrong-digest'];
const PASSING: readonly number[] = [408, 416, 429, 500, 502, 503, 504];

/** Tries again what looks as if it would pass, from its beginning; for what does no harm when it is done twice. */
export async function withPatience<T>(
  work: () => Promise<T>,
  { signal, ...patience }: Patience & { readonly signal: AbortSignal },
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      const wait = retry < patience.retries ? waitAfter(error, retry, patience) : undefined;
      if (wait === undefined || signal.aborted) throw error;
      await patience.sleep(wait, signal);
    }
  }
}

/** Undefined when trying again makes no sense. The spread keeps what failed together from returning together. */
function waitAfter(error: unknown, retry: number, patience: Patience): number | undefined {
  if (!(error instanceof UpstreamError)) return undefined;
  const { code, status = 0, retryAfter = 0 } = error;
  const mayPass = MAY_PASS.includes(code) || (code === 'status' && PASSING.includes(status));
  const { backoff, longestWait, random } = patience;
  const wait = Math.max(backoff * 2 ** retry * (0.5 + random() / 2), retryAfter);
  return mayPass && wait <= longestWait ? wait : undefined;
}
