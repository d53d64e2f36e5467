// SPDX-License-Identifier: Apache-2.0
import { HIDDEN } from './bucket-keys.ts';
import type { ListOptions, ObjectInfo } from './driver.ts';
import { afterPrefix, compareKeys } from './key.ts';

/** Where a walk over keys stands. The listing moves it forward while the walk goes on. */
export interface ListCursor {
  readonly prefix: string;
  /** Nobody looks at what is told of an object beside its key. */
  readonly keysOnly: boolean;
  /** Keys up to here are not wanted any more: whole branches of them need no look. */
  after: string;
}

/** Walks objects in byte order of their keys. May show more than the cursor asks for, never less. */
export type Walk = (cursor: ListCursor) => AsyncIterable<ObjectInfo>;

/** What `list` promises, on top of a walk: `after`, `limit`, and keys cut at a delimiter. */
export async function* listing(
  walk: Walk,
  prefix: string,
  { after = '', limit = Number.POSITIVE_INFINITY, delimiter = '', keysOnly = false }: ListOptions,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const cursor: ListCursor = { prefix, after, keysOnly };
  let left = limit;
  let lastCut = '';
  if (left <= 0) return;
  for await (const info of walk(cursor)) {
    const { key } = info;
    if (!key.startsWith(prefix) || compareKeys(key, cursor.after) <= 0) continue;
    const cut = cutKey(key, prefix, delimiter);
    if (cut !== key) {
      cursor.after = afterPrefix(cut);
      // Shown already, on this page or, when it is not greater than `after`, on the one before.
      if (cut === lastCut || compareKeys(cut, after) <= 0) continue;
      lastCut = cut;
    }
    yield cut === key ? info : keyAlone(cut);
    left -= 1;
    if (left <= 0) return;
  }
}

export interface ListStart {
  readonly after: string;
  readonly prefix: string;
  readonly delimiter: string;
}

/** After a cut key comes what does not begin with it. */
export function startOf({ after, prefix, delimiter }: ListStart): string {
  const isCut = delimiter !== '' && after.endsWith(delimiter) && after.length > prefix.length;
  return isCut ? afterPrefix(after) : after;
}

/** A key of which nothing else is told. */
export function keyAlone(key: string): ObjectInfo {
  return { key, size: 0, version: '', modifiedAt: 0 };
}

function cutKey(key: string, prefix: string, delimiter: string): string {
  const found = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return found === -1 ? key : key.slice(0, found + delimiter.length);
}

/** What a list gives, without what a driver keeps for itself, up to a limit. */
export async function* visible(
  all: AsyncIterable<ObjectInfo>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<ObjectInfo, void, undefined> {
  let left = limit;
  if (left <= 0) return;
  for await (const info of all) {
    if (info.key.startsWith(HIDDEN)) continue;
    yield info;
    left -= 1;
    if (left <= 0) return;
  }
}
