// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { throwIfAborted } from '../body.ts';
import { StorageError } from '../storage-error.ts';
import { delayBefore, isWorthAnother } from './attempts.ts';
import { type StoreProblem, storeError, transportError } from './store-problem.ts';

export interface StoreRequest {
  /** What it is about, for messages. */
  readonly key: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** With its query. Sent as it is: names of objects may look like what a URL would tidy up. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In memory, since it may have to be sent again. */
  readonly body?: Uint8Array | string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StoreAnswer {
  readonly status: number;
  /** How often the request was made: of more, an earlier one may have done what the last was refused. */
  readonly attempts: number;
  header(name: string): string | undefined;
  /** Read to its end already when it is a problem. */
  readonly body: Dispatcher.ResponseData['body'];
  /** Of a refusal. */
  readonly problem: StoreProblem | undefined;
}

export interface StoreClient {
  /**
   * @param expected statuses beside those of success that are no failure
   * @throws StorageError
   */
  send(request: StoreRequest, expected?: readonly number[]): Promise<StoreAnswer>;
}

export interface StoreClientOptions {
  readonly origin: string;
  /** Headers that say who asks; called for each attempt. */
  readonly authorize: (request: StoreRequest) => Promise<Readonly<Record<string, string>>>;
  /** What the store says is wrong. */
  readonly problemOf: (text: string, header: StoreAnswer['header']) => StoreProblem;
  /** Names of problems that are failures whatever was expected: that there is no such bucket. */
  readonly fatal: readonly string[];
}

/** Milliseconds. */
const CONNECT_WITHIN = 5_000;
const SILENT_FOR = 60_000;
/** Copies within a store answer when they are done. */
const ANSWER_WITHIN = 300_000;
/** Sockets; each request under way has one. */
const MOST_SOCKETS = 256;
/** Six seconds in all: Google takes about one change of an object a second, and refuses others until then. */
const ATTEMPTS = 6;
/** Bytes of a refusal that are looked at. */
const LONGEST_PROBLEM = 65_536;

/** Speaks to a store: says who asks, asks again what failed for the moment, and makes refusals errors. */
export function openStoreClient(options: StoreClientOptions): StoreClient {
  const agent = new Agent({
    connections: MOST_SOCKETS,
    connect: { timeout: CONNECT_WITHIN },
    headersTimeout: ANSWER_WITHIN,
    bodyTimeout: SILENT_FOR,
  });
  return {
    async send(request, expected = []) {
      for (let attempt = 1; ; attempt += 1) {
        const answer = await sendOnce(agent, options, { request, attempt });
        if (answer === undefined || isWorthAnother(answer.status, attempt, ATTEMPTS)) {
          await pause(request, delayBefore(attempt, answer?.header('retry-after')));
          continue;
        }
        const { status, problem } = answer;
        if (problem === undefined) return answer;
        if (expected.includes(status) && !options.fatal.includes(problem.name)) return answer;
        throw storeError(request.key, status, problem);
      }
    },
  };
}

interface Attempt {
  readonly request: StoreRequest;
  readonly attempt: number;
}

/** Undefined when it failed on its way, and is to be tried again. */
async function sendOnce(
  agent: Agent,
  { origin, authorize, problemOf }: StoreClientOptions,
  { request, attempt }: Attempt,
): Promise<StoreAnswer | undefined> {
  const { key, method, path, body = null, signal } = request;
  throwIfAborted(key, signal);
  const headers = { ...request.headers, ...(await authorize(request).catch(refused(key))) };
  try {
    const sent = { origin, path, method, headers, body, signal: signal ?? null };
    const answer = await agent.request(sent);
    const header = (name: string): string | undefined => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const { statusCode: status } = answer;
    const problem = status < 400 ? undefined : problemOf(await beginningOf(answer.body), header);
    return { status, attempts: attempt, header, body: answer.body, problem };
  } catch (error) {
    throwIfAborted(key, signal);
    if (attempt < ATTEMPTS && !(error instanceof StorageError)) return undefined;
    throw transportError(key, error);
  }
}

/** Credentials that cannot be had are a refusal, too. */
export function refused(key: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof StorageError) throw error;
    const problem = error instanceof Error ? error.message : 'no credentials';
    throw new StorageError('denied', key, problem, error);
  };
}

/** What is wanted of an answer whose body is small. */
export async function textOf({ body }: StoreAnswer, key: string): Promise<string> {
  try {
    return await body.text();
  } catch (error) {
    throw transportError(key, error);
  }
}

/** Gives the connection back. */
export async function discard({ body }: StoreAnswer): Promise<void> {
  await body.dump().catch(() => undefined); // nobody wants it, so nobody minds
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length >= LONGEST_PROBLEM) break;
  }
  return Buffer.concat(chunks).toString();
}

async function pause({ key, signal }: StoreRequest, milliseconds: number): Promise<void> {
  await delay(milliseconds, undefined, signal && { signal }).catch(() => undefined);
  throwIfAborted(key, signal);
}
