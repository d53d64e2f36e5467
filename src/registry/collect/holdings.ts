// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { ObjectInfo, StorageDriver } from '../../storage/driver.ts';
import {
  CONDEMNED_PREFIX,
  digestOfCondemned,
  LINKS_PREFIX,
  repositoryOfLink,
} from '../store/layout.ts';
import { readKey } from '../store/read-key.ts';

/** What the keys of a store say of one digest. */
export interface Found {
  readonly digest: Digest;
  readonly bytes: ObjectInfo | undefined;
  readonly links: ReadonlyArray<{ readonly repository: string; readonly writtenAt: number }>;
  readonly marker: ObjectInfo | undefined;
}

/**
 * Every digest of which there are bytes, links or a marker, in byte order: three lists of the same order side by
 * side, of which one digest at a time is held.
 */
export async function* scanHoldings(
  storage: StorageDriver,
): AsyncGenerator<Found, void, undefined> {
  const blobs = await openCursor(storage, 'blobs/');
  const links = await openCursor(storage, LINKS_PREFIX);
  const markers = await openCursor(storage, CONDEMNED_PREFIX);
  try {
    for (;;) {
      const digest = least([blobs.digest(), links.digest(), markers.digest()]);
      if (digest === undefined) return;
      const [bytes] = await blobs.take(digest);
      const [marker] = await markers.take(digest);
      const linked = await links.take(digest);
      yield { digest, bytes, marker, links: linked.map(linkOf) };
    }
  } finally {
    await Promise.all([blobs.close(), links.close(), markers.close()]);
  }
}

function linkOf({ key, modifiedAt }: ObjectInfo) {
  return { repository: repositoryOfLink(key), writtenAt: modifiedAt };
}

/** Both algorithms have names of one length, so texts are in the order of keys. */
function least(digests: ReadonlyArray<Digest | undefined>): Digest | undefined {
  return digests.filter((digest) => digest !== undefined).sort()[0];
}

/** A list of keys, looked at one ahead. */
interface Cursor {
  digest(): Digest | undefined;
  /** Everything of this digest, if it is its turn. */
  take(digest: Digest): Promise<readonly ObjectInfo[]>;
  close(): Promise<unknown>;
}

interface Entry {
  readonly digest: Digest;
  readonly info: ObjectInfo;
}

async function openCursor(storage: StorageDriver, prefix: string): Promise<Cursor> {
  const entries = entriesOf(storage, prefix);
  let ahead: Entry | undefined;
  const advance = async () => {
    const next = await entries.next();
    ahead = next.done === true ? undefined : next.value;
  };
  await advance();
  return {
    digest: () => ahead?.digest,
    async take(digest) {
      const taken: ObjectInfo[] = [];
      for (; ahead?.digest === digest; await advance()) taken.push(ahead.info);
      return taken;
    },
    close: () => entries.return(),
  };
}

/** Without keys that this program does not write: those are for `verify` to name. */
async function* entriesOf(
  storage: StorageDriver,
  prefix: string,
): AsyncGenerator<Entry, void, undefined> {
  for await (const info of storage.list(prefix)) {
    const digest = digestOf(info.key);
    if (digest !== undefined) yield { digest, info };
  }
}

function digestOf(key: string): Digest | undefined {
  if (key.startsWith(CONDEMNED_PREFIX)) return digestOfCondemned(key);
  const named = readKey(key);
  return named.kind === 'blob' || named.kind === 'link' ? named.digest : undefined;
}
