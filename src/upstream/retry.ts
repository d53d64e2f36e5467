// SPDX-License-Identifier: Apache-2.0
import { UpstreamError } from './upstream-error.ts';

/** Milliseconds, but for `retries`. */
export interface RetryLimits {
  /** Attempts after the first. */
  readonly retries: number;
  /** Before the first retry, at most; doubled for each next. */
  readonly backoff: number;
  /** The longest wait an upstream may ask for. One that asks for more is not asked again. */
  readonly longestWait: number;
}

export interface RetryPorts {
  /** Fails when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly onRetry: (error: UpstreamError, wait: number) => void;
}

const PASSING = [408, 429, 500, 502, 503, 504];

/** Tries a read again while its failure looks like one that passes. Only for what can be asked twice without harm. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  limits: RetryLimits,
  ports: RetryPorts & { readonly signal?: AbortSignal | undefined },
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await attempt();
    } catch (error) {
      const wait =
        retry < limits.retries ? waitAfter(error, retry, { ...limits, ...ports }) : undefined;
      if (wait === undefined || !(error instanceof UpstreamError)) throw error;
      ports.onRetry(error, wait);
      await ports.sleep(wait, ports.signal);
    }
  }
}

/** Undefined when trying again makes no sense. The spread keeps clients that failed together from returning together. */
function waitAfter(
  error: unknown,
  retry: number,
  { backoff, longestWait, random }: RetryLimits & Pick<RetryPorts, 'random'>,
): number | undefined {
  if (!(error instanceof UpstreamError) || !mayPass(error)) return undefined;
  const spread = Math.min(backoff * 2 ** retry, longestWait) * (0.5 + random() / 2);
  const wait = Math.max(spread, error.retryAfter ?? 0);
  return wait <= longestWait ? wait : undefined;
}

function mayPass({ code, status }: UpstreamError): boolean {
  return code === 'unreachable' || (code === 'status' && PASSING.includes(status ?? 0));
}

/** Milliseconds; `Retry-After` holds seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
