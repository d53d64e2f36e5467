// SPDX-License-Identifier: Apache-2.0
import { logFrom, START } from '../../src/registry/events/event-follower.ts';
import type { RegistryEvent } from '../../src/registry/events/registry-event.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';

/** `tag.set app:v1 sha256:…` or `manifest.pushed app sha256:…`. */
export type Told = `${string} ${string} ${string}`;

/** All that followers hear who begin at the start, and hear nothing twice. */
export async function eventsIn(storage: StorageDriver): Promise<readonly RegistryEvent[]> {
  const events = new Map<string, RegistryEvent>();
  for await (const { event } of logFrom(storage, START)) {
    events.set(event.id, events.get(event.id) ?? event);
  }
  return [...events.values()];
}

export async function toldIn(storage: StorageDriver): Promise<readonly Told[]> {
  return (await eventsIn(storage)).map(toldBy);
}

export function toldBy({ type, repository, tag, digest }: RegistryEvent): Told {
  return `${type} ${tag === undefined ? repository : `${repository}:${tag}`} ${digest}`;
}

/** Where tags are, for somebody who knows nothing but the log. */
export async function tagsTold(
  storage: StorageDriver,
  repository: string,
): Promise<ReadonlyMap<string, string | undefined>> {
  const mine = (await eventsIn(storage)).filter((event) => event.repository === repository);
  const tags = mine.filter(({ tag }) => tag !== undefined);
  return new Map(
    tags.map(({ type, tag = '', digest }) => [tag, type === 'tag.set' ? digest : undefined]),
  );
}
