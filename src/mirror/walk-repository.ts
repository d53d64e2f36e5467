// SPDX-License-Identifier: Apache-2.0
import { concurrently } from '../core/concurrently.ts';
import type { WantedObject } from '../core/mirroring/wanted-object.ts';
import { algorithmOf, type Digest, hexOf } from '../core/oci/digest.ts';
import type { ManifestBytes } from '../upstream/image-source.ts';
import { describeManifest } from './describe-manifest.ts';
import type { KnownManifest, KnownRepository } from './known-repository.ts';
import type { ListedTags, MirrorSource } from './mirror-source.ts';

export interface RepositoryWalk {
  readonly source: MirrorSource;
  readonly repository: string;
  /** Every tag there is, and what the list says that some point at. */
  readonly listed: ListedTags;
  /** Those that are wanted. */
  readonly wanted: readonly string[];
  /** What is wanted whether or not it has a tag. */
  readonly digests: readonly Digest[];
  readonly known: KnownRepository;
  /** Tags that stay where they are: one that is known is not looked at again. */
  readonly isImmutable: (tag: string) => boolean;
  /** Referrers that were looked for before this are looked for again; in milliseconds since 1970. */
  readonly referrersSince: number;
  readonly now: number;
  /** Has the bytes of a manifest that was read, so that they need not be read again. */
  readonly keep: (manifest: ManifestBytes) => void;
  readonly signal: AbortSignal;
}

export interface WalkedRepository {
  /** What is known now: only of what was reached. */
  readonly known: KnownRepository;
  /** What could not be read, with its name. The rest was. */
  readonly problems: readonly string[];
}

/** An index of indexes of images with referrers that have referrers: five, and nobody goes beyond. */
const DEEPEST = 12;
const MOST_MANIFESTS = 1_000_000;
const AT_A_TIME = 8;

/**
 * Everything that the wanted tags and digests lead to: what they list, and what is about it, by the referrers API, its fallback
 * tag or a tag of cosign's. Level by level, because what refers to what is for the source to say, circles included.
 */
export async function walkRepository(walk: RepositoryWalk): Promise<WalkedRepository> {
  const job = openJob(walk);
  let level = unseen(job.seen, [...walk.digests, ...(await rootsOf(job, walk.wanted))]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST || job.manifests.size > MOST_MANIFESTS) {
      job.problems.push(`${walk.repository}: manifests are nested too deep, or too many`);
      job.api.hasFailed = true;
      break;
    }
    const reached = await concurrently(level, AT_A_TIME, (digest) => visit(job, digest));
    level = unseen(
      job.seen,
      reached.flatMap((digests) => digests ?? []),
    );
  }
  const known = { tags: job.roots, manifests: job.manifests, referrersAt: referrersAtOf(job) };
  return { known, problems: job.problems };
}

/** What could not be asked for is asked for at once next time: else it would count as known, with nothing about it. */
function referrersAtOf({ api, looksForReferrers, known, now }: Job): number {
  if (api.hasFailed) return 0;
  return looksForReferrers ? now : known.referrersAt;
}

interface Job extends RepositoryWalk {
  readonly seen: Set<Digest>;
  readonly roots: Map<string, Digest>;
  readonly manifests: Map<Digest, KnownManifest>;
  readonly problems: string[];
  readonly looksForReferrers: boolean;
  /** Whether the source has shown that it has no referrers API, or did not answer to all questions. */
  readonly api: { isAbsent: boolean; hasFailed: boolean };
  /** Tags about a manifest, by what they begin with. */
  readonly tagsAbout: ReadonlyMap<string, readonly string[]>;
}

function openJob(walk: RepositoryWalk): Job {
  return {
    ...walk,
    seen: new Set(),
    roots: new Map(),
    manifests: new Map(),
    problems: [],
    looksForReferrers: isTimeForReferrers(walk),
    api: { isAbsent: false, hasFailed: false },
    tagsAbout: Map.groupBy(walk.listed.tags.filter(isAboutSomething), subjectPart),
  };
}

/** A time that is still to come is that of a clock which was wrong. */
export function isTimeForReferrers({
  known,
  referrersSince,
  now,
}: Pick<RepositoryWalk, 'known' | 'referrersSince' | 'now'>): boolean {
  return known.referrersAt <= referrersSince || known.referrersAt > now;
}

/** `sha256-<hex>`, perhaps with `.sig` or the like behind it. */
const ABOUT = /^(sha256|sha512)-[a-f0-9]{64}/;

function isAboutSomething(tag: string): boolean {
  return ABOUT.test(tag);
}

function subjectPart(tag: string): string {
  return ABOUT.exec(tag)?.[0] ?? '';
}

async function rootsOf(job: Job, tags: readonly string[]): Promise<readonly Digest[]> {
  const untaken = tags.filter((tag) => !job.roots.has(tag));
  const found = await concurrently(untaken, AT_A_TIME, (tag) => rootOf(job, tag));
  return found.flatMap((digests) => digests ?? []);
}

async function rootOf(job: Job, tag: string): Promise<readonly Digest[] | undefined> {
  return attempt(job, `${job.repository}:${tag}`, async () => {
    const digest = await digestOf(job, tag);
    if (digest === undefined) throw new Error('it is listed, and not there');
    job.roots.set(tag, digest);
    return [digest];
  });
}

async function digestOf(job: Job, tag: string): Promise<Digest | undefined> {
  const { source, repository, known, signal, listed } = job;
  const before = known.tags.get(tag);
  const isKnown = before !== undefined && known.manifests.has(before);
  if (isKnown && job.isImmutable(tag)) return before;
  // By digest it is fetched where it is not known, and hashed: a list that lies gains nothing.
  const said = listed.digests.get(tag);
  if (said !== undefined) return said;
  if (isKnown) {
    if ((await source.digestOfTag(repository, tag, signal)) === before) return before;
  }
  // What a tag points at is hashed, whatever a header says of it.
  const found = await source.content(repository).fetchManifest(tag, signal);
  if (found !== undefined) await remember(job, found);
  return found?.digest;
}

async function remember(job: Job, found: ManifestBytes): Promise<KnownManifest> {
  const content = job.source.content(job.repository);
  const sizeOf = async (digest: Digest) => content.sizeOfBlob?.(digest, job.signal);
  const manifest = await describeManifest(found, sizeOf);
  job.manifests.set(found.digest, manifest);
  job.keep(found);
  return manifest;
}

/** What a manifest leads to. */
async function visit(job: Job, digest: Digest): Promise<readonly Digest[] | undefined> {
  const shown = `${job.repository}@${digest}`;
  return attempt(job, shown, async () => {
    const manifest = await manifestOf(job, digest);
    const referrers = await referrersOf(job, digest);
    job.manifests.set(digest, { ...manifest, referrers });
    const about = job.tagsAbout.get(`${algorithmOf(digest)}-${hexOf(digest).slice(0, 64)}`) ?? [];
    return [...manifest.manifests, ...referrers, ...(await rootsOf(job, about))];
  });
}

async function manifestOf(job: Job, digest: Digest): Promise<KnownManifest> {
  const known = job.manifests.get(digest) ?? job.known.manifests.get(digest);
  if (known !== undefined && isWhole(known)) return known;
  const found = await job.source.content(job.repository).fetchManifest(digest, job.signal);
  if (found === undefined) throw new Error('the manifest is listed, and not there');
  return remember(job, found);
}

/** What was written down before URLs counted says of layers from elsewhere only how many there are. */
function isWhole({ foreign, elsewhere }: KnownManifest): boolean {
  return foreign === 0 || elsewhere !== undefined;
}

/** That nobody could say what is about a manifest does not keep from what it lists. */
async function referrersOf(job: Job, digest: Digest): Promise<readonly Digest[]> {
  const { repository, known, api } = job;
  const before = known.manifests.get(digest);
  if (before !== undefined && !job.looksForReferrers) return before.referrers;
  if (api.isAbsent) return [];
  const listed = await attempt(job, `${repository}@${digest}`, () => askForReferrers(job, digest));
  if (listed === undefined) api.hasFailed = true;
  return listed ?? before?.referrers ?? [];
}

async function askForReferrers(
  { source, repository, signal, api }: Job,
  digest: Digest,
): Promise<readonly Digest[]> {
  const listed = await source.listReferrers(repository, digest, signal);
  if (listed === undefined) api.isAbsent = true;
  return (listed ?? []).map((referrer) => referrer.digest);
}

/** What fails is named, and leads nowhere: undefined; what was aborted ends it all. */
async function attempt(
  job: Job,
  shown: string,
  work: () => Promise<readonly Digest[]>,
): Promise<readonly Digest[] | undefined> {
  try {
    return await work();
  } catch (error) {
    job.signal.throwIfAborted();
    job.problems.push(`${shown}: ${error instanceof Error ? error.message : 'failed'}`);
    return undefined;
  }
}

function unseen(seen: Set<Digest>, digests: readonly Digest[]): readonly Digest[] {
  return digests.filter((digest) => !seen.has(digest) && seen.add(digest));
}

export const BLOB_TYPE = 'application/octet-stream';

/** Everything of a repository that targets are to hold; what several refer to comes several times. */
export function* wantedOf(
  { manifests }: KnownRepository,
  {
    repository,
    includesManifests,
  }: { readonly repository: string; readonly includesManifests: boolean },
): Generator<WantedObject, void, undefined> {
  for (const [digest, { mediaType, size, blobs, isSigned }] of manifests) {
    for (const [blob, bytes] of blobs) {
      yield { kind: 'blob', digest: blob, size: bytes, mediaType: BLOB_TYPE, repository };
    }
    if (includesManifests && !isSigned)
      yield { kind: 'manifest', digest, size, mediaType, repository };
  }
}
