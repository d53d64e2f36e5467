// SPDX-License-Identifier: Apache-2.0
import pino from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

/** A fixed event name and fields, never a sentence. Never a client address, never a credential. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, error: unknown, fields?: LogFields): void;
}

export type LogLevel = 'info' | 'warn' | 'error' | 'silent';

/** JSON lines, one an event, to standard error or wherever `write` says. */
export function openLog(level: LogLevel, write?: (line: string) => void): Log {
  const options = {
    level,
    base: null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const lines = pino(options, write === undefined ? pino.destination(2) : { write });
  return {
    info: (event, fields) => lines.info(fields ?? {}, event),
    warn: (event, fields) => lines.warn(fields ?? {}, event),
    error: (event, error, fields) => lines.error({ ...fields, err: error }, event),
  };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
