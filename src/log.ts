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

/**
 * JSON lines, one an event, to standard error or wherever `write` says.
 *
 * @param fields what every line says: which of several processes writes it, say
 */
export function openLog(level: LogLevel, write?: (line: string) => void, fields?: LogFields): Log {
  const options = {
    level,
    base: fields ?? null,
    messageKey: 'event',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => errorFields(error) },
  };
  const lines = pino(options, write === undefined ? pino.destination(2) : { write });
  return {
    info: (event, fields) => lines.info(fields ?? {}, event),
    warn: (event, fields) => lines.warn(fields ?? {}, event),
    error: (event, error, fields) => lines.error({ ...fields, err: error }, event),
  };
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

/** Deep enough for every chain of ours; a chain that bites its own tail ends too. */
const MAX_CAUSES = 8;

/**
 * Only the fields named here: the errors of cloud SDKs and HTTP clients carry whole requests with them, and
 * with those the credentials.
 */
function errorFields(error: unknown, depth = 0): LogFields {
  if (!(error instanceof Error)) return { message: withoutSecrets(String(error)) };
  return {
    type: error.name,
    code: 'code' in error ? error.code : undefined,
    message: withoutSecrets(error.message),
    stack: error.stack === undefined ? undefined : withoutSecrets(error.stack),
    cause:
      error.cause === undefined || depth === MAX_CAUSES
        ? undefined
        : errorFields(error.cause, depth + 1),
  };
}

/** What libraries are known to quote in messages: user information and queries of URLs, and tokens. */
function withoutSecrets(text: string): string {
  return text
    .replace(/:\/\/[^\s/?#@"']*@/g, '://[secret]@')
    .replace(/\?[^\s"'=?]{1,256}=[^\s"']*/g, '?[query]')
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 [secret]');
}

/** A file of lines, written behind whatever makes them. */
export interface LineFile {
  write(line: string): void;
  /** The file under this name may be another one by now; for a stream nothing happens. */
  reopen(): void;
  /** Resolves when everything is written, or cannot be. */
  close(): Promise<void>;
}

export interface LineFilePorts {
  /** A line was dropped, because too many wait to be written. */
  readonly lost: () => void;
  readonly failed: (error: Error) => void;
}

/** Milliseconds; bytes. Whole lines of up to 4 KiB stay whole in a pipe that several processes write to. */
const LINES = { periodicFlush: 1_000, minLength: 2_048, maxWrite: 4_096, maxLength: 4_194_304 };
const LONGEST_CLOSE = 1_000;

/** @param to a path, whose file is added to, or the number of an open stream */
export function openLines(to: string | number, { lost, failed }: LineFilePorts): LineFile {
  const file = pino.destination({ dest: to, sync: false, ...LINES });
  file.on('drop', lost);
  file.on('error', failed);
  return {
    write: (line) => void file.write(`${line}\n`),
    reopen() {
      if (typeof to === 'string') file.reopen();
    },
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, LONGEST_CLOSE);
        const done = () => {
          clearTimeout(timer);
          resolve();
        };
        file.once('error', done);
        file.flush(done);
      }),
  };
}
