// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { BucketKeys } from '../bucket-keys.ts';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { jsonOf } from '../http/json-of.ts';
import { discard, type StoreAnswer, type StoreClient, textOf } from '../http/store-client.ts';
import type { StoreProblem } from '../http/store-problem.ts';
import type { FoundObject } from '../http/written-once.ts';
import { StorageError } from '../storage-error.ts';
import { escapedName } from './gcs-keys.ts';

/** The part of a bucket that a driver works on. */
export interface GcsStore {
  readonly client: StoreClient;
  readonly keys: BucketKeys;
  readonly bucket: string;
  /** What the paths of all requests start with. */
  readonly base: string;
}

/** An object by its key, for messages, and the name it has in the bucket. */
export interface GcsObject {
  readonly key: string;
  readonly name: string;
}

export type Query = Readonly<Record<string, string>>;

export function objectOf({ keys }: GcsStore, key: string): GcsObject {
  return { key, name: keys.nameOf(key) };
}

/** @param rest what of the object, as in `compose` */
export function objectPath({ bucket, base }: GcsStore, { name }: GcsObject, rest = ''): string {
  return `${base}/storage/v1/b/${bucket}/o/${escapedName(name)}${rest}`;
}

export function uploadPath({ bucket, base }: GcsStore, query: Query): string {
  return `${base}/upload/storage/v1/b/${bucket}/o?${queryOf(query)}`;
}

export function queryOf(query: Query): string {
  return Object.entries(query)
    .map(([name, value]) => `${name}=${escapedName(value)}`)
    .join('&');
}

/** What is asked of each object. */
export const FIELDS = 'name,size,generation,updated,metadata';

/** An object as Google describes it. */
export const Resource = z.object({
  name: z.string(),
  size: z.coerce.number().default(0),
  generation: z.coerce.string(),
  updated: z.string(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export type GcsResource = z.output<typeof Resource>;

export async function statObject(
  store: GcsStore,
  object: GcsObject,
): Promise<FoundObject | undefined> {
  const { key } = object;
  const path = `${objectPath(store, object)}?${queryOf({ fields: FIELDS })}`;
  const answer = await store.client.send({ key, method: 'GET', path }, [404]);
  return answer.problem === undefined ? foundIn(key, answer) : undefined;
}

/** Of an answer that describes an object. */
export async function foundIn(key: string, answer: StoreAnswer): Promise<FoundObject> {
  const found = Resource.safeParse(jsonOf(await textOf(answer, key)));
  if (!found.success) throw new StorageError('failed', key, 'an answer that is no object');
  return { info: infoOf(key, found.data), nonce: found.data.metadata?.['nonce'] };
}

/** In whole seconds, as answers to reads say it, so that all say the same. */
export function infoOf(key: string, { size, generation, updated }: GcsResource): ObjectInfo {
  const modifiedAt = Math.floor(Date.parse(updated) / 1000) * 1000;
  return { key, size, version: generation, modifiedAt };
}

export async function deleteObject(
  store: GcsStore,
  object: GcsObject,
  condition?: WriteCondition,
): Promise<StoreAnswer> {
  const query = queryOf(conditionOf(condition));
  const path = `${objectPath(store, object)}${query === '' ? '' : `?${query}`}`;
  const answer = await store.client.send({ key: object.key, method: 'DELETE', path }, [404, 412]);
  await discard(answer);
  return answer;
}

/** A version that is no generation is none of any object: 1 was before there were buckets. */
const NO_GENERATION = '1';

export function conditionOf(condition: WriteCondition | undefined): Query {
  if (condition === undefined) return {};
  if ('absent' in condition) return { ifGenerationMatch: '0' };
  const isGeneration = /^[1-9]\d{0,18}$/.test(condition.version);
  return { ifGenerationMatch: isGeneration ? condition.version : NO_GENERATION };
}

const Problem = z.object({ error: z.object({ message: z.string() }) });

/** Google has one word for a bucket that is not there and for an object. */
export function gcsProblem(text: string): StoreProblem {
  const found = Problem.safeParse(jsonOf(text));
  const said = found.success ? found.data.error.message : text;
  const [message = ''] = said.slice(0, 300).split('\n');
  const isBucket = /bucket (?:does not exist|not found)/i.test(message);
  return { name: isBucket ? 'NoSuchBucket' : 'Error', message: message || 'refused' };
}
