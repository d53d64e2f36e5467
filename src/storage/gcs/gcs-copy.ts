// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { unknownUpload } from '../body.ts';
import { PARTS_PREFIX } from '../bucket-keys.ts';
import type { ObjectInfo, WriteCondition } from '../driver.ts';
import { jsonOf } from '../http/json-of.ts';
import { textOf } from '../http/store-client.ts';
import { refusedWrite } from '../http/written-once.ts';
import { inTurn } from '../in-turn.ts';
import { StorageError } from '../storage-error.ts';
import { escapedName } from './gcs-keys.ts';
import { resourceOf } from './gcs-resource.ts';
import {
  conditionOf,
  deleteObject,
  FIELDS,
  foundIn,
  type GcsObject,
  type GcsStore,
  infoOf,
  objectPath,
  queryOf,
  Resource,
  statObject,
} from './gcs-store.ts';
import { putObject } from './gcs-write.ts';

const Rewritten = z.object({
  done: z.boolean(),
  rewriteToken: z.string().optional(),
  resource: Resource.optional(),
});

/** Within the store, in as many steps as it wants. Undefined when there is nothing to copy. */
export async function copyObject(
  store: GcsStore,
  from: GcsObject,
  to: GcsObject,
): Promise<ObjectInfo | undefined> {
  const { key } = to;
  const target = `/rewriteTo/b/${store.bucket}/o/${escapedName(to.name)}`;
  for (let rewriteToken: string | undefined; ; ) {
    const fields = `done,rewriteToken,resource(${FIELDS})`;
    const query = queryOf({ fields, ...(rewriteToken !== undefined && { rewriteToken }) });
    const path = `${objectPath(store, from, target)}?${query}`;
    const answer = await store.client.send({ key: from.key, method: 'POST', path }, [404]);
    if (answer.problem !== undefined) return undefined;
    const step = Rewritten.safeParse(jsonOf(await textOf(answer, key)));
    if (!step.success) throw new StorageError('failed', key, 'an answer that is no copy');
    const { done, resource } = step.data;
    if (done && resource !== undefined) return infoOf(key, resource);
    rewriteToken = step.data.rewriteToken;
    if (rewriteToken === undefined) throw new StorageError('failed', key, 'a copy that stopped');
  }
}

/** Google joins so many at once. */
const MOST_JOINED = 32;

export interface SizedObject extends GcsObject {
  readonly size: number;
}

export interface JoinTarget {
  readonly object: GcsObject;
  readonly condition?: WriteCondition | undefined;
}

/**
 * One object of several, or of one, within the store and whatever their sizes. Of very many, objects that nobody lists
 * come first.
 *
 * @throws StorageError `unknown-upload` when one of them is gone
 */
export async function joinObjects(
  store: GcsStore,
  parts: readonly SizedObject[],
  target: JoinTarget,
): Promise<ObjectInfo | 'conflict'> {
  const filled = parts.filter(({ size }) => size > 0);
  if (filled.length === 0) return joinNothing(store, parts, target);
  if (filled.length <= MOST_JOINED) return compose(store, filled, target);
  const groups = groupsOf(filled, MOST_JOINED);
  const joined = groups.map((group) => ({ ...betweenName(store, target), size: sizeOf(group) }));
  try {
    await inTurn(groups, async (group, place) => {
      const object = joined[place];
      if (object !== undefined) await compose(store, group, { object });
    });
    return await joinObjects(store, joined, target);
  } finally {
    await inTurn(joined, async (object) => void (await deleteObject(store, object)));
  }
}

export function groupsOf<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, place) =>
    items.slice(place * most, (place + 1) * most),
  );
}

/** Swept like a part, should this process die. */
function betweenName({ keys }: GcsStore, { object }: JoinTarget): GcsObject {
  return { key: object.key, name: keys.nameBelow(`${PARTS_PREFIX}joined/${randomUUID()}`) };
}

function sizeOf(objects: readonly SizedObject[]): number {
  return objects.reduce((sum, { size }) => sum + size, 0);
}

async function joinNothing(
  store: GcsStore,
  parts: readonly GcsObject[],
  { object, condition }: JoinTarget,
): Promise<ObjectInfo | 'conflict'> {
  for (const part of parts) {
    if ((await statObject(store, part)) === undefined) throw unknownUpload(object.key);
  }
  return putObject(store, object, new Uint8Array(), condition === undefined ? {} : { condition });
}

async function compose(
  store: GcsStore,
  parts: readonly GcsObject[],
  { object, condition }: JoinTarget,
): Promise<ObjectInfo | 'conflict'> {
  const { key } = object;
  const nonce = randomUUID();
  const body = JSON.stringify({
    sourceObjects: parts.map(({ name }) => ({ name })),
    destination: JSON.parse(resourceOf(object, nonce, {})),
  });
  const query = queryOf({ fields: FIELDS, ...conditionOf(condition) });
  const path = `${objectPath(store, object, '/compose')}?${query}`;
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const answer = await store.client.send({ key, method: 'POST', path, headers, body }, [404, 412]);
  if (answer.problem === undefined) return (await foundIn(key, answer)).info;
  if (answer.status === 404) throw unknownUpload(key);
  return refusedWrite({ key, nonce, condition, stat: () => statObject(store, object) }, answer);
}
