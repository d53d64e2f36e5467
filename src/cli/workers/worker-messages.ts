// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../../config/schema.ts';
import { type Fields, fieldsOf } from '../fields-of.ts';
import type { LoadedConfig } from '../load-config.ts';
import type { Failure } from './worker-failure.ts';

/** What the primary says to a worker. */
export type ToWorker =
  | StartMessage
  | (Question & { readonly id: number })
  /** Swap what was prepared, or forget it. */
  | { readonly kind: 'settle'; readonly accept: boolean }
  | { readonly kind: 'stop' };

/** What a worker is asked, and answers with `done` or `refused`. */
export type Question =
  /** Make the next state, and wait. */
  | { readonly kind: 'prepare'; readonly loaded: LoadedConfig }
  /** Tell what was counted. */
  | { readonly kind: 'report'; readonly which: 'all' | 'totals' }
  | { readonly kind: 'explain'; readonly target: string; readonly address: string };

export interface StartMessage {
  readonly kind: 'start';
  /** Of the program: one that was replaced on disk under its primary may mean other things by this. */
  readonly version: string;
  /** By which logs and messages speak of it: 1, 2 and so on. Its replacement has the same. */
  readonly worker: number;
  readonly loaded: LoadedConfig;
}

/** What a worker says to its primary. */
export type FromWorker =
  /** It hears from now on: what was said before is lost. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly failure: Failure };

/** Undefined for what is no message of ours: whoever reads it goes on as if it had not come. */
export function parseFromWorker(message: unknown): FromWorker | undefined {
  const { kind, id, url, value, ...rest } = fieldsOf(message);
  const failure = parseFailure(rest['failure']);
  switch (kind) {
    case 'hello':
      return { kind };
    case 'listening':
      return typeof url === 'string' ? { kind, url } : undefined;
    case 'failed':
      return failure && { kind, failure };
    case 'done':
      return typeof id === 'number' ? { kind, id, value } : undefined;
    case 'refused':
      return typeof id === 'number' && failure ? { kind, id, failure } : undefined;
    default:
      return undefined;
  }
}

export function parseToWorker(message: unknown): ToWorker | undefined {
  const fields = fieldsOf(message);
  const { kind, id, version, worker, accept } = fields;
  if (typeof id === 'number') {
    const question = parseQuestion(fields);
    return question && { ...question, id };
  }
  switch (kind) {
    case 'start': {
      const loaded = parseLoaded(fields['loaded']);
      if (typeof version !== 'string' || typeof worker !== 'number') return undefined;
      return loaded && { kind, version, worker, loaded };
    }
    case 'settle':
      return { kind, accept: accept === true };
    case 'stop':
      return { kind };
    default:
      return undefined;
  }
}

function parseQuestion({ kind, loaded, which, target, address }: Fields): Question | undefined {
  switch (kind) {
    case 'prepare': {
      const next = parseLoaded(loaded);
      return next && { kind, loaded: next };
    }
    case 'report':
      return { kind, which: which === 'totals' ? which : 'all' };
    case 'explain':
      if (typeof target !== 'string' || typeof address !== 'string') return undefined;
      return { kind, target, address };
    default:
      return undefined;
  }
}

function parseFailure(value: unknown): Failure | undefined {
  const { message, invalid } = fieldsOf(value);
  if (typeof message !== 'string') return undefined;
  const { origin, problems } = fieldsOf(invalid);
  if (typeof origin !== 'string' || !Array.isArray(problems)) return { message };
  return { message, invalid: { origin, problems: problems.map(String) } };
}

/** The configuration in it was checked by the primary: a worker does without the parser, which takes 11 MB. */
function parseLoaded(value: unknown): LoadedConfig | undefined {
  const { config, origin, directory, file } = fieldsOf(value);
  if (typeof config !== 'object' || config === null) return undefined;
  if (typeof origin !== 'string' || typeof directory !== 'string') return undefined;
  const loaded = { config: config as Config, origin, directory }; // checked by a primary of this version
  return typeof file === 'string' ? { ...loaded, file } : loaded;
}
