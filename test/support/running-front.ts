// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { dispatch } from '../../src/cli/dispatch.ts';

/** `archeion serve` in this process, as its command line runs it. */
export interface RunningFront {
  readonly url: string;
  readonly adminUrl: string;
  hangUp(): void;
  /** Resolves with the log lines of an event, once there are so many. */
  logged(event: string, count?: number): Promise<ReadonlyArray<Record<string, unknown>>>;
  /** Resolves with the exit code. */
  stop(): Promise<number>;
}

const PATIENCE = 10_000;

export async function startFront(args: readonly string[], env = {}): Promise<RunningFront> {
  const lines: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  const stop = new AbortController();
  let complaint = '';
  const exit = dispatch(['serve', ...args], {
    out: () => {},
    err: (text) => {
      if (text.startsWith('{')) lines.push(JSON.parse(text));
      else complaint += text;
    },
    env,
    stop: stop.signal,
    onHangup(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const logged = async (event: string, count = 1) => {
    const until = performance.now() + PATIENCE;
    for (;;) {
      const found = lines.filter((line) => line['event'] === event);
      if (found.length >= count) return found;
      if (performance.now() > until) throw new Error(`no "${event}" came: ${complaint}`);
      await sleep(10);
    }
  };
  const [line] = await logged('listening');
  return {
    url: String(line?.['front']),
    adminUrl: String(line?.['admin']),
    hangUp: () => {
      for (const listener of listeners) listener();
    },
    logged,
    stop() {
      stop.abort();
      return exit;
    },
  };
}
