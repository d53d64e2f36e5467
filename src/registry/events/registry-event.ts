// SPDX-License-Identifier: Apache-2.0
import { EVENT_TYPES, type EventType } from '../../core/event-types.ts';
import { type Digest, parseDigest } from '../../core/oci/digest.ts';
import { isObject } from '../../core/oci/json-object.ts';

/** What has happened to what. */
export interface Happening {
  readonly type: EventType;
  readonly digest?: Digest | undefined;
  readonly tag?: string | undefined;
  /** What a tag pointed at before it was set. */
  readonly before?: Digest | undefined;
  readonly mediaType?: string | undefined;
  readonly artifactType?: string | undefined;
  /** Of the manifest, in bytes. */
  readonly size?: number | undefined;
  /** What the manifest is about. */
  readonly subject?: Digest | undefined;
  /** The event that brought about what this one puts an end to: the nonce of its record is that event's id. */
  readonly ends?: string | undefined;
}

export function isEnd({ type }: Happening): boolean {
  return type === 'tag.deleted' || type === 'manifest.deleted' || type === 'blob.deleted';
}

/** A happening as it is kept. It may be told more than once, but then always under the same id. */
export interface RegistryEvent extends Happening {
  readonly id: string;
  /** ISO 8601, UTC, by the clock of whoever did it. */
  readonly time: string;
  readonly repository: string;
  /** Who did it; absent for somebody who did not say. */
  readonly by?: string | undefined;
}

/** Undefined for what is no list of events. Only what is relied on is checked: these documents are our own. */
export function parseEvents(value: unknown): readonly RegistryEvent[] | undefined {
  if (!isObject(value)) return undefined;
  const events = value['events'];
  return Array.isArray(events) && events.every(isEvent) ? events : undefined;
}

function isEvent(value: unknown): value is RegistryEvent {
  if (!isObject(value)) return false;
  const { id, time, type, repository, digest, tag } = value;
  const isKnown = EVENT_TYPES.some((known) => known === type);
  const isDigest = typeof digest === 'string' && parseDigest(digest) !== undefined;
  if (!isKnown || (digest !== undefined && !isDigest)) return false;
  if (tag !== undefined && typeof tag !== 'string') return false;
  return typeof id === 'string' && typeof time === 'string' && typeof repository === 'string';
}
