// SPDX-License-Identifier: Apache-2.0
import { buffer } from 'node:stream/consumers';
import { isObject } from '../core/net/json-value.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';
import type { ObjectStore } from '../storage/driver.ts';
import { StorageError } from '../storage/storage-error.ts';

/**
 * Why no index is to claim a digest, whatever a listing shows; times are milliseconds since 1970.
 *
 * - `unwanted`: nothing leads to it any more. It goes when that has been so for long enough, and `until`, to which an
 *   index that claims it may be believed, is over; while `until` is not known it stays.
 * - `deleting`: somebody deletes it now, or has died over that.
 * - `deleted`: a run that listed the target before must not say that it is there.
 * - `corrupt`: its bytes are wrong, as long as it has this version.
 */
export type Withheld =
  | {
      readonly kind: 'unwanted';
      readonly at: number;
      readonly version: string;
      readonly until?: number;
    }
  | { readonly kind: 'deleting'; readonly at: number; readonly version: string }
  | { readonly kind: 'deleted'; readonly at: number }
  | { readonly kind: 'corrupt'; readonly at: number; readonly version: string };

export type WithheldDigests = ReadonlyMap<Digest, Withheld>;

const KEY = 'archeion/mirror/withheld.json';
const VERSION = 1;
const ATTEMPTS = 20;

interface Note {
  /** Undefined when there is none. */
  readonly version: string | undefined;
  /** Makes what is written differ each time: the versions of some stores are hashes of content. */
  readonly revision: number;
  readonly digests: WithheldDigests;
}

/** @throws StorageError when it cannot be read: what is not known may be being deleted */
export async function readWithheld(store: ObjectStore): Promise<WithheldDigests> {
  return (await readNote(store)).digests;
}

/**
 * Changes the note, on condition that nobody else did meanwhile: then it is looked at again. Who decides by what the
 * note says decides in `change`, which may be called several times.
 *
 * @param change gives what it is to be; undefined for no change
 */
export async function changeWithheld(
  store: ObjectStore,
  change: (digests: WithheldDigests) => Promise<WithheldDigests | undefined>,
): Promise<WithheldDigests> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await readNote(store);
    const after = await change(before.digests);
    if (after === undefined) return before.digests;
    const condition =
      before.version === undefined ? { absent: true as const } : { version: before.version };
    const about = { condition, contentType: 'application/json', cacheControl: 'no-cache' };
    const written = await store.write(KEY, format(after, before.revision + 1), about);
    if (written !== 'conflict') return after;
  }
  throw new StorageError('failed', KEY, 'others change it all the time');
}

async function readNote(store: ObjectStore): Promise<Note> {
  const found = await store.read(KEY);
  if (found === undefined) return { version: undefined, revision: 0, digests: new Map() };
  return { version: found.info.version, ...parse((await buffer(found.body)).toString()) };
}

function format(digests: WithheldDigests, revision: number): string {
  const entries = [...digests].map(([digest, withheld]) => JSON.stringify({ digest, ...withheld }));
  return `{"version":${VERSION},"revision":${revision},"digests":[\n${entries.join(',\n')}\n]}\n`;
}

function parse(text: string): Pick<Note, 'revision' | 'digests'> {
  try {
    const document: unknown = JSON.parse(text);
    if (!isObject(document) || document['version'] !== VERSION) throw new TypeError('another form');
    const { revision, digests } = document;
    if (!Array.isArray(digests)) throw new TypeError('no list');
    return { revision: requireNumber(revision), digests: new Map(digests.map(readEntry)) };
  } catch (cause) {
    const problem = 'it is not as it was written: if nobody prunes, remove it';
    throw new StorageError('failed', KEY, problem, cause);
  }
}

function readEntry(value: unknown): [Digest, Withheld] {
  if (!isObject(value)) throw new TypeError('no entry');
  const { digest: text, kind, at, version, until } = value;
  const digest = typeof text === 'string' ? parseDigest(text) : undefined;
  if (digest === undefined) throw new TypeError('no digest');
  const time = requireNumber(at);
  if (kind === 'deleted') return [digest, { kind, at: time }];
  if (typeof version !== 'string') throw new TypeError('no version');
  if (kind === 'deleting' || kind === 'corrupt') return [digest, { kind, at: time, version }];
  if (kind !== 'unwanted') throw new TypeError('no kind');
  const end = until === undefined ? {} : { until: requireNumber(until) };
  return [digest, { kind, at: time, version, ...end }];
}

function requireNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError('no number');
}
