// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { Telling } from '../events/event-log.ts';
import type { Happening } from '../events/registry-event.ts';
import { tellOf } from '../events/tell-of.ts';
import type { Visit } from '../registry-ports.ts';
import { isStored } from '../store/find-manifest.ts';
import { claim } from '../store/keep.ts';
import { tagKey } from '../store/layout.ts';
import { type FoundTag, findTag, type TagRecord } from '../store/records.ts';

export interface MovedTag {
  readonly tag: string;
  /** What it points at, and must not. */
  readonly digest: Digest;
  /** What it pointed at before, if it did. */
  readonly before: TagRecord | undefined;
}

/**
 * Has a tag point again at what it pointed at before a push that fails, or takes it away when that is not there.
 * One that somebody has moved since is theirs.
 */
export async function takeBackTag(visit: Visit, { tag, digest, before }: MovedTag): Promise<void> {
  const find = () => findTag(visit.storage, visit.repository, tag);
  const found = await find();
  if (found?.record.digest !== digest) return;
  const telling = tellOf(visit);
  const isBack = before !== undefined && (await setBack(visit, { tag, found, telling }, before));
  const left = isBack ? undefined : await find();
  const isOurs = left?.record.digest === digest || left?.record.digest === before?.digest;
  if (left !== undefined && isOurs) await removeTag(visit, { tag, found: left, telling });
  await telling.finish();
}

interface TagChange {
  readonly tag: string;
  readonly found: FoundTag;
  readonly telling: Telling;
}

/** False when what it pointed at before is gone, which may happen at the same moment. */
async function setBack(
  visit: Visit,
  { tag, found, telling }: TagChange,
  before: TagRecord,
): Promise<boolean> {
  const { storage, repository, registry } = visit;
  const claimed = await claim(registry.condemned, [before.digest]);
  if (!(await isStored(visit, before.digest))) return false;
  const { version, record } = found;
  const { digest, mediaType, size } = before;
  const ends = record.nonce;
  const set: Happening = {
    type: 'tag.set',
    tag,
    digest,
    mediaType,
    size,
    before: record.digest,
    ends,
  };
  const nonce = await telling.announce(set);
  const body = JSON.stringify({ ...before, nonce, ends });
  const condition = { version };
  const written = await storage.write(tagKey(repository, tag), body, { condition });
  if (written === 'conflict') return true;
  telling.done(set);
  return (await claimed.doubtful()).length === 0 || isStored(visit, digest);
}

async function removeTag(
  { storage, repository }: Visit,
  { tag, found, telling }: TagChange,
): Promise<void> {
  const { digest, nonce: ends } = found.record;
  const deleted: Happening = { type: 'tag.deleted', tag, digest, ends };
  await telling.announce(deleted);
  const condition = { version: found.version };
  const outcome = await storage.remove(tagKey(repository, tag), { condition });
  if (outcome === 'removed') telling.done(deleted);
}
