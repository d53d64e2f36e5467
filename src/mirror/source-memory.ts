// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '../storage/driver.ts';
import {
  formatKnown,
  type KnownRepository,
  NOTHING_KNOWN,
  parseKnown,
} from './known-repository.ts';

/** What is remembered of a source from run to run. */
export interface SourceMemory {
  recall(repository: string): Promise<KnownRepository>;
  /** Written only where it changed. */
  remember(repository: string, known: KnownRepository): Promise<void>;
}

/** Beside the index of every target, so that any of them may be lost. */
export function sourceMemory(source: string, stores: readonly ObjectStore[]): SourceMemory {
  const folder = sourceFolder(source);
  // Names of repositories are longer than those of files may be, and one may be the beginning of another.
  const keyOf = (repository: string) => `${folder}/${hashOf(repository)}.json`;
  return {
    async recall(repository) {
      for (const store of stores) {
        // What cannot be read is only asked for again.
        const text = await readText(store, keyOf(repository)).catch(() => undefined);
        const known = text === undefined ? undefined : parseKnown(text);
        if (known !== undefined) return known;
      }
      return NOTHING_KNOWN;
    },
    async remember(repository, known) {
      const text = formatKnown(known);
      const key = keyOf(repository);
      const written = await Promise.allSettled(stores.map((store) => writeText(store, key, text)));
      for (const result of written) if (result.status === 'rejected') throw result.reason;
    },
  };
}

/** Where in a target is what is known of a source. */
export function sourceFolder(source: string): string {
  return `archeion/mirror/${hashOf(source).slice(0, 16)}`;
}

export async function readText(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.read(key);
  return found && (await buffer(found.body)).toString();
}

async function writeText(store: ObjectStore, key: string, text: string): Promise<void> {
  if ((await readText(store, key)) === text) return;
  await store.write(key, text, { contentType: 'application/json' });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
