// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { isTag, type Reference } from '../../core/oci/reference.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpAnswer } from '../../protocol/http.ts';
import { auditDone } from '../audit/audit-done.ts';
import type { Telling } from '../events/event-log.ts';
import { manifestPushed, tagSet } from '../events/manifest-pushed.ts';
import { tellOf } from '../events/tell-of.ts';
import { refusalOf } from '../permission.ts';
import type { Visit } from '../registry-ports.ts';
import { isStored } from '../store/find-manifest.ts';
import { claim } from '../store/keep.ts';
import {
  checkManifest,
  LARGEST_MANIFEST,
  putManifest,
  type ReceivedManifest,
} from '../store/manifest-store.ts';
import type { TagRecord } from '../store/records.ts';
import { denied } from '../store/refusals.ts';
import { digestOf } from '../store/verify-body.ts';
import { isImmutable } from './immutable-tags.ts';
import { isPushed } from './is-pushed.ts';
import { moveTag, type TagMoved, tagState } from './move-tag.ts';
import { createdHeaders } from './push-answers.ts';
import { limitedBody } from './push-body.ts';
import { type NewManifest, reliedOn, requireKept } from './require-kept.ts';
import { requireReferences } from './require-references.ts';
import { type MovedTag, takeBackTag } from './take-back-tag.ts';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
export async function pushManifest(visit: Visit, reference: Reference): Promise<HttpAnswer> {
  const { repository, registry } = visit;
  const more = tagParameters(visit);
  const received = await receiveManifest(visit, reference);
  const manifest = checkManifest(received);
  const tags = new Set([...(reference.kind === 'tag' ? [reference.tag] : []), ...more]);
  const claimed = await claim(registry.condemned, reliedOn(received.digest, manifest));
  const push = { received, manifest, claimed };
  if (await isPushed(visit, { digest: received.digest, manifest, tags })) {
    await requireKept(visit, push, false);
  } else {
    await requireReferences(visit, manifest, registry.settings.acceptMissingReferences);
    await requireMovable(visit, received.digest, tags);
    await store(visit, push, tags);
  }
  const location = `/v2/${repository}/manifests/${received.digest}`;
  const subject = manifest.subject?.digest;
  const headers = [
    ...createdHeaders(location, received.digest),
    ...(subject === undefined ? [] : ['OCI-Subject', subject]),
    ...more.flatMap((tag) => ['OCI-Tag', tag]),
  ];
  return { status: 201, headers };
}

/** More than anybody has use for in one request. */
const MOST_TAGS = 100;

/** Tags that a manifest is to get besides, by the specification to come. */
function tagParameters({ query }: Visit): readonly string[] {
  const tags = [...new Set(query.get('tag'))];
  if (tags.length > MOST_TAGS) {
    throw new RegistryError('UNSUPPORTED', `at most ${MOST_TAGS} tags at once`, { status: 414 });
  }
  if (tags.every(isTag)) return tags;
  throw new RegistryError('MANIFEST_INVALID', 'a "tag" is no valid tag');
}

async function receiveManifest(
  { request }: Visit,
  reference: Reference,
): Promise<ReceivedManifest> {
  const chunks: Uint8Array[] = [];
  const limit = { largest: LARGEST_MANIFEST, what: 'a manifest' };
  for await (const chunk of limitedBody(request, limit)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const digest = reference.kind === 'digest' ? reference.digest : digestOf(bytes);
  return { bytes, digest, mediaType: request.header('content-type') };
}

function mayMove(visit: Visit, tag: string): boolean {
  return visit.grant.may('push', visit.repository) && !isImmutable(visit, tag);
}

/** A look before anything is stored; what counts is the one when the tag is moved. */
async function requireMovable(visit: Visit, digest: Digest, tags: Iterable<string>): Promise<void> {
  for (const tag of tags) {
    if (mayMove(visit, tag)) continue;
    const { kind } = await tagState(visit, { tag, digest });
    if (kind === 'elsewhere') throw takenError(visit, tag);
  }
}

function takenError(visit: Visit, tag: string): RegistryError {
  if (isImmutable(visit, tag)) return denied(`the tag "${tag}" is immutable, and taken`);
  return refusalOf(visit, ['pull', 'push']);
}

async function store(visit: Visit, push: NewManifest, tags: Iterable<string>): Promise<void> {
  const { received, manifest } = push;
  const { digest } = received;
  const pushed = manifestPushed(received, manifest);
  const set = Array.from(tags, (tag) => tagSet(pushed, tag));
  const put = async (telling: Telling): Promise<boolean> => {
    // With its tags, which mostly are as new as it is: then they need not be announced once more.
    const announce = () => telling.announce(pushed, ...set);
    if (!(await putManifest({ ...visit, announce }, received, manifest))) return false;
    telling.done(pushed);
    await auditDone(visit, { operation: 'manifest-push', digest });
    return true;
  };
  const telling = tellOf(visit);
  await requireKept(visit, push, await put(telling));
  const moved: MovedTag[] = [];
  for (const tag of tags) {
    const outcome = await setTag(visit, push, { tag, telling });
    if (outcome === 'taken') {
      await telling.finish();
      throw takenError(visit, tag);
    }
    moved.push({ tag, digest, before: outcome.before });
  }
  // A manifest that had no tag may have been collected before it got this one.
  await requireKept(visit, push, false).catch(async (error: unknown) => {
    await telling.finish();
    for (const one of moved) await takeBackTag(visit, one);
    throw error;
  });
  await telling.finish();
  // Somebody may have deleted it meanwhile, between steps that found theirs done.
  while (!(await isStored(visit, digest))) {
    const again = tellOf(visit);
    await put(again);
    await again.finish();
  }
}

async function setTag(
  visit: Visit,
  { received, manifest }: NewManifest,
  { tag, telling }: { readonly tag: string; readonly telling: Telling },
): Promise<TagMoved | 'taken'> {
  const { registry, grant } = visit;
  const { digest, bytes } = received;
  const pushed = manifestPushed(received, manifest);
  const setFrom = (before: TagRecord | undefined) => tagSet(pushed, tag, before);
  const outcome = await moveTag(visit, {
    tag,
    digest,
    mediaType: manifest.mediaType,
    size: bytes.byteLength,
    pushedBy: grant.name ?? '',
    pushedAt: registry.now(),
    mayMove: mayMove(visit, tag),
    announce: (before) => telling.announce(setFrom(before)),
  });
  if (outcome === 'taken' || !outcome.isMoved) return outcome;
  const { before } = outcome;
  telling.done(setFrom(before));
  await auditDone(visit, { operation: 'tag-set', tag, digest, before: before?.digest });
  return outcome;
}
