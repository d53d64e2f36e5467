// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../../config/config-error.ts';

/** An error on its way to another process. */
export interface Failure {
  readonly message: string;
  /** What is wrong with the configuration, when that is what is wrong. */
  readonly invalid?: { readonly origin: string; readonly problems: readonly string[] };
}

/** What a worker could not do, in its own words; or that it ended before it could say. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
  readonly code = 'worker-failed';
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const message = `${error.message}${cause}`;
  if (!(error instanceof ConfigError)) return { message };
  return { message, invalid: { origin: error.origin, problems: error.problems } };
}

/** The error as the command of this process would have met it: with the same words and exit code. */
export function errorOf({ message, invalid }: Failure): ConfigError | WorkerError {
  if (invalid === undefined) return new WorkerError(message);
  return new ConfigError(invalid.origin, invalid.problems);
}
