// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../core/net/json-value.ts';
import type { ObjectStore } from '../storage/driver.ts';
import { readText, sourceFolder } from './source-memory.ts';

/** How far a target has been brought, by the changes of a source. */
export interface FollowedPlace {
  /** What comes before is on the target, and in its index. */
  readonly cursor: string;
  /** What was wanted: a target to which something else was brought may lack what is wanted now. */
  readonly wish: string;
  /** When everything was looked at last; milliseconds since 1970. */
  readonly sweptAt: number;
}

/** Undefined unless all stores are at the same place: then only a walk over everything says what is missing where. */
export async function readPlace(
  source: string,
  stores: readonly ObjectStore[],
): Promise<FollowedPlace | undefined> {
  const texts = await Promise.all(
    stores.map((store) => readText(store, keyOf(source)).catch(() => undefined)),
  );
  const [first] = texts;
  return first !== undefined && texts.every((text) => text === first) ? parse(first) : undefined;
}

/** To be called when all of it is done. Who dies in the middle leaves different places, which is none. */
export async function writePlace(
  source: string,
  stores: readonly ObjectStore[],
  { cursor, wish, sweptAt }: FollowedPlace,
): Promise<void> {
  const text = JSON.stringify({ cursor, wish, sweptAt });
  const about = { contentType: 'application/json' };
  await Promise.all(stores.map((store) => store.write(keyOf(source), text, about)));
}

function keyOf(source: string): string {
  return `${sourceFolder(source)}/place.json`;
}

/** What is not as we write it is none: it only saves a walk. */
function parse(text: string): FollowedPlace | undefined {
  try {
    const place: unknown = JSON.parse(text);
    if (!isObject(place)) return undefined;
    const { cursor, wish, sweptAt } = place;
    const isGood =
      typeof cursor === 'string' && typeof wish === 'string' && typeof sweptAt === 'number';
    return isGood ? { cursor, wish, sweptAt } : undefined;
  } catch {
    return undefined;
  }
}
