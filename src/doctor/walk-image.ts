// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Manifest } from '../core/oci/manifest.ts';
import { referencesOf } from '../core/oci/manifest-references.ts';
import { isForeignLayer } from '../core/oci/media-type.ts';
import type { Interview } from './interview.ts';
import { isOfPlatform } from './platform.ts';
import { askBlob, askManifest, askPing } from './questions.ts';
import type { Target } from './target.ts';

/** What the walk itself found out. */
export interface Walked {
  readonly absentPlatform?: string;
}

/** An index may list indexes; no image is deeper than this, and whoever serves it decides how deep it goes. */
const DEEPEST = 4;
/** Blobs asked for at once: a client's number. */
const AT_ONCE = 3;

/** Asks for an image from its name down to its bytes, as a pull does. */
export async function walkImage(target: Target, interview: Interview): Promise<Walked> {
  const { repository, reference, platform, isFull } = target;
  if (!(await askPing(interview))) return {};
  const root = await askManifest(interview, repository, reference);
  if (root === undefined) return {};
  const listed = referencesOf(root).manifests;
  const wanted = listed.filter((one) => platform === undefined || isOfPlatform(one, platform));
  const below = await manifestsBelow(wanted, { interview, repository, depth: 1 });
  const blobs = distinct([root, ...below].flatMap((one) => referencesOf(one).blobs));
  await inTurns(blobs, (blob) => askBlob(interview, repository, { ...blob, isFull }));
  const isAbsent = platform !== undefined && listed.length > 0 && wanted.length === 0;
  return isAbsent ? { absentPlatform: platform } : {};
}

interface Depth {
  readonly interview: Interview;
  readonly repository: string;
  readonly depth: number;
}

async function manifestsBelow(listed: readonly Descriptor[], at: Depth): Promise<Manifest[]> {
  const found: Manifest[] = [];
  for (const { digest } of listed) {
    const manifest = await askManifest(at.interview, at.repository, digest);
    if (manifest === undefined) continue;
    const { manifests } = referencesOf(manifest);
    const deeper = at.depth < DEEPEST ? manifests : [];
    found.push(manifest, ...(await manifestsBelow(deeper, { ...at, depth: at.depth + 1 })));
  }
  return found;
}

/** Platforms share layers; layers that registries may not give away are nowhere to be asked for. */
function distinct(blobs: readonly Descriptor[]): readonly Descriptor[] {
  const own = blobs.filter(({ mediaType }) => !isForeignLayer(mediaType));
  return [...new Map(own.map((blob) => [blob.digest, blob])).values()];
}

async function inTurns<Item>(
  items: readonly Item[],
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const work = async () => {
    for (const item of left) await each(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
