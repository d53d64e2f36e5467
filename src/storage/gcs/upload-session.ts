// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import type { ObjectInfo, WriteOptions } from '../driver.ts';
import { discard, type StoreAnswer } from '../http/store-client.ts';
import { storeError } from '../http/store-problem.ts';
import { CONFLICTS, refusedWrite } from '../http/written-once.ts';
import type { PartOfBody } from '../in-parts.ts';
import { resourceOf } from './gcs-resource.ts';
import {
  conditionOf,
  FIELDS,
  foundIn,
  type GcsObject,
  type GcsStore,
  statObject,
  uploadPath,
} from './gcs-store.ts';

/** An object that is being sent in pieces, one after the other. It shows with the last. */
export interface UploadSession {
  /** @returns what became of it, after the last piece or when it cannot be any more */
  send(part: PartOfBody): Promise<ObjectInfo | 'conflict' | undefined>;
  /** Gives the space back; a failure to do so is no reason to hide another one. */
  cancel(): Promise<void>;
}

const MORE = 308;

export async function startSession(
  store: GcsStore,
  object: GcsObject,
  options: WriteOptions,
): Promise<UploadSession | 'conflict'> {
  const { key } = object;
  const { condition, signal } = options;
  const nonce = randomUUID();
  const path = await openSession(store, object, { nonce, options });
  if (path === undefined) return 'conflict';
  const attempt = { key, nonce, condition, stat: () => statObject(store, object) };
  const send = piecesOf(store, { key, path, signal });
  return {
    async send(part) {
      const sent = await send(part);
      if (sent === undefined) return undefined;
      if (sent.problem !== undefined) return refusedWrite(attempt, sent);
      return (await foundIn(key, sent)).info;
    },
    async cancel() {
      const request = { key, method: 'DELETE', path } as const;
      await store.client.send(request).then(discard, () => undefined);
    },
  };
}

/** The path of the session; undefined when the condition does not hold already. */
async function openSession(
  store: GcsStore,
  object: GcsObject,
  { nonce, options }: { readonly nonce: string; readonly options: WriteOptions },
): Promise<string | undefined> {
  const { key } = object;
  const { condition, signal } = options;
  const query = { uploadType: 'resumable', fields: FIELDS, ...conditionOf(condition) };
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const body = resourceOf(object, nonce, options);
  const path = uploadPath(store, query);
  const answer = await store.client.send(
    { key, method: 'POST', path, headers, body, signal },
    [412],
  );
  await discard(answer);
  return answer.problem === undefined ? pathOf(key, answer) : undefined;
}

interface SessionPlace {
  readonly key: string;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/** Sends each piece until the store has all of it: it may have kept less than it was sent. */
function piecesOf({ client }: GcsStore, { key, path, signal }: SessionPlace) {
  let kept = 0;
  return async ({ bytes, isLast }: PartOfBody): Promise<StoreAnswer | undefined> => {
    const start = kept;
    const end = start + bytes.byteLength;
    for (;;) {
      const body = bytes.subarray(kept - start);
      const range = rangeOf(kept, end, isLast);
      const headers = { 'content-range': range };
      const answer = await client.send(
        { key, method: 'PUT', path, headers, body, signal },
        CONFLICTS,
      );
      if (answer.status !== MORE) return answer;
      await discard(answer);
      const before = kept;
      kept = keptBy(answer);
      if (kept === end && !isLast) return undefined;
      if (kept <= before || kept > end) throw lost(key, answer);
    }
  };
}

/** As `bytes 0-9/*`, or `bytes 10-19/20` of the last piece. */
export function rangeOf(first: number, end: number, isLast: boolean): string {
  return `bytes ${first}-${end - 1}/${isLast ? end : '*'}`;
}

/** Bytes: it says the last one, or nothing when it has none. */
export function keptBy({ header }: Pick<StoreAnswer, 'header'>): number {
  const last = /-(\d+)$/.exec(header('range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
}

/** The place is on the same host: where that is, the configuration says. */
function pathOf(key: string, answer: StoreAnswer): string {
  const location = answer.header('location') ?? '';
  if (!URL.canParse(location)) throw lost(key, answer);
  const { pathname, search } = new URL(location);
  return pathname + search;
}

function lost(key: string, { status }: StoreAnswer): Error {
  return storeError(key, status, { name: 'Error', message: 'the upload session is lost' });
}
