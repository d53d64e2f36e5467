// SPDX-License-Identifier: Apache-2.0
import type { Log } from '../log.ts';
import type { LogFacts } from '../protocol/http.ts';

/** One answered request. The client's address, its headers and its query are not among the fields, and never will be. */
export interface RequestEntry {
  /** Undefined when the request could not be read. */
  readonly method: string | undefined;
  /** As it arrived; only its path is logged. */
  readonly target: string | undefined;
  readonly status: number;
  /** From the request to the end of its answer; 0 for an answer that was there at once. */
  readonly milliseconds: number;
  /** Of the body, as far as it was sent. */
  readonly bytes: number;
  readonly requestId: string;
  /** The client was gone before it had the whole answer. */
  readonly aborted: boolean;
  readonly facts: LogFacts | undefined;
}

export interface RequestLog {
  /** Says whether the next answer is logged, and counts it. Separate, so that the others cost no entry. */
  wants(status: number): boolean;
  write(entry: RequestEntry): void;
}

/** A longer path than any valid one of the API tells nothing more. */
const MAX_PATH = 256;

/** What a share of 1 is counted as. */
const WHOLE = 1_000_000;

/**
 * One line a request: every status from 400 on, and of the others the share `sample` (0 to 1), counted
 * out evenly rather than drawn. 429 is one of the others: a flood that is refused must not flood the log.
 */
export function requestLog(server: string, sample: number, log: Log): RequestLog {
  // In whole numbers: a fraction that changes would be allocated anew for every request.
  const step = Math.round(sample * WHOLE);
  let due = 0;
  return {
    wants(status) {
      if (status >= 400 && status !== 429) return true;
      due += step;
      if (due < WHOLE) return false;
      due -= WHOLE;
      return true;
    },
    write({ method, target, status, milliseconds, bytes, requestId, aborted, facts }) {
      const path = target === undefined ? undefined : loggedPath(target);
      const ms = Math.round(milliseconds * 10) / 10;
      const rare = aborted ? { aborted } : undefined;
      log.info('request', {
        server,
        method,
        path,
        status,
        ms,
        bytes,
        requestId,
        ...rare,
        ...facts,
      });
    },
  };
}

/** Without query, fragment and, in the absolute form, authority: each of them may hold a credential. */
export function loggedPath(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  const visible = path.slice(0, MAX_PATH).replace(/[^\x21-\x7e]/g, '?');
  return path.length > MAX_PATH ? `${visible}…` : visible;
}
