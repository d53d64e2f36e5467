// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { readDigestIndex, recordsIn } from '../../src/core/digest-index/digest-index-file.ts';
import { parseIndexPointer } from '../../src/core/digest-index/index-pointer.ts';
import { parseSelection } from '../../src/core/mirroring/selection.ts';
import { parseBlobPath } from '../../src/core/routing/blob-path.ts';
import { type MirrorOptions, prepareMirror } from '../../src/mirror/mirror.ts';
import type { MirrorSource } from '../../src/mirror/mirror-source.ts';
import type { TargetFinding } from '../../src/mirror/verify/finding.ts';
import { pruneTarget } from '../../src/mirror/verify/prune-target.ts';
import { repairMirror } from '../../src/mirror/verify/repair-mirror.ts';
import { type VerifiedMirror, verifyMirror } from '../../src/mirror/verify/verify-mirror.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import type { FakeMirrorSource } from './mirror-source.ts';
import { bytesIn, keysIn } from './storage-reading.ts';

export const IMAGES = 'containers/images/';
export const HOUR = 3_600_000;
/** Of indexes; milliseconds. */
export const VALID_FOR = 2 * HOUR;
const BLOB_PATH = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
const SELECTIONS = ['team/*', 'tool*'].map((text) => parseSelection(text) ?? expect.fail(text));

/** An index that some front may have, and believe. */
interface Published {
  readonly validUntil: number;
  readonly claims: ReadonlySet<string>;
}

export interface PrunedWorld {
  readonly source: FakeMirrorSource;
  readonly clock: { now: number };
  /** As whoever looks into it sees it. */
  readonly store: StorageDriver;
  /** What broke a promise, as it was broken. */
  readonly broken: string[];
  /** That the source may change its mind while somebody deletes by what it was: then that is brought again. */
  readonly mood: { mayChange: boolean };
  /** Digests of everything that the source leads to now. */
  wanted(): Promise<readonly string[]>;
  held(): Promise<readonly string[]>;
  /** What the index in force claims: the beginnings of digests. */
  claims(): Promise<readonly string[]>;
  /** A run, over a store that may fail; what went wrong. */
  run(over?: StorageDriver): Promise<readonly string[]>;
  prune(grace: number, over?: StorageDriver): Promise<readonly string[]>;
  /** Everything is hashed. */
  verify(over?: StorageDriver): Promise<Looked>;
  repair(over?: StorageDriver, from?: MirrorSource): Promise<Looked>;
}

export interface Looked {
  readonly findings: readonly TargetFinding[];
  readonly problems: readonly string[];
}

export const shortOf = (digest: string) => digest.slice('sha256:'.length, 'sha256:'.length + 20);

/**
 * A target whose every change is watched: nothing that is wanted is deleted, and nothing that an index claims which
 * anybody may still believe is not there.
 */
export function prunedWorld(
  source: FakeMirrorSource,
  { hasIndex = true }: { readonly hasIndex?: boolean } = {},
): PrunedWorld {
  const publicUrl = hasIndex ? 'https://dublin.example' : undefined;
  const clock = { now: 1_700_000_000_000 };
  const inner = memoryDriver(() => clock.now);
  const published: Published[] = [];
  const broken: string[] = [];
  const mood = { mayChange: false };
  const heldNow = async () => (await keysIn(inner, IMAGES)).map((key) => key.slice(IMAGES.length));
  const note = async () => {
    const index = await indexIn(inner);
    if (index !== undefined) published.push(index);
  };
  const check = async (what: string) => {
    const held = new Set((await heldNow()).map(shortOf));
    for (const { claims, validUntil } of published) {
      if (validUntil < clock.now) continue;
      for (const claim of claims) if (!held.has(claim)) broken.push(`${what}: ${claim} is claimed`);
    }
  };
  const store: StorageDriver = {
    ...inner,
    async write(key, ...rest) {
      const written = await inner.write(key, ...rest);
      if (key === 'archeion/index' && written !== 'conflict') await note();
      if (key === 'archeion/index') await check('published');
      return written;
    },
    async remove(key, options) {
      const isImage = key.startsWith(IMAGES);
      const digest = key.slice(IMAGES.length);
      const isKept = isImage && !mood.mayChange && (await wanted()).includes(digest);
      if (isKept) broken.push(`${digest} is wanted`);
      const removed = await inner.remove(key, options);
      if (isImage) await check('removed');
      return removed;
    },
  };
  const options = (over: StorageDriver, problems: string[]): MirrorOptions => ({
    source,
    selections: SELECTIONS,
    declared: new Map(),
    targets: [{ name: 'dublin', store: over, blobPath: BLOB_PATH, publicUrl }],
    isImmutable: () => false,
    includesManifests: true,
    referrersAfter: 24 * HOUR,
    isDryRun: false,
    index: { validFor: VALID_FOR, privateKey: undefined, every: 24 * HOUR },
    now: () => (clock.now += 10),
    onProblem: (problem) => problems.push(problem),
    signal: new AbortController().signal,
  });
  const wanted = async () => {
    const nothing = { ...options(store, []), targets: [], isDryRun: true };
    const { wanted: all } = await prepareMirror(nothing);
    return [...new Set([...all()].map(({ digest }) => String(digest)))].sort();
  };
  return {
    source,
    clock,
    store,
    broken,
    mood,
    wanted,
    held: heldNow,
    claims: async () => [...((await indexIn(inner))?.claims ?? [])],
    run: (over = store) => attempt((problems) => runOnce(options(over, problems))),
    prune: (grace, over = store) =>
      attempt((problems) => pruneOnce(options(over, problems), grace, clock)),
    async verify(over = store) {
      const findings: TargetFinding[] = [];
      const problems = await attempt((told) => verifyOnce(options(over, told), 'all', findings));
      return { findings, problems };
    },
    async repair(over = store, from = source) {
      const findings: TargetFinding[] = [];
      const problems = await attempt((told) =>
        repairOnce({ ...options(over, told), source: from }, findings),
      );
      return { findings, problems };
    },
  };
}

const PORTS = { sleep: async () => {}, random: () => 0, retries: 0, backoff: 1, patience: 1_000 };

async function repairOnce(mirror: MirrorOptions, findings: TargetFinding[]): Promise<void> {
  const verified = await verifyOnce(mirror, 'all', findings);
  await repairMirror(verified, { mirror, ports: PORTS, concurrency: 3 });
}

function verifyOnce(
  mirror: MirrorOptions,
  sample: 'all' | 'none',
  findings: TargetFinding[] = [],
): Promise<VerifiedMirror> {
  return verifyMirror({
    mirror,
    sample: sample === 'all' ? { kind: 'all' } : { kind: 'count', count: 0 },
    random: () => 0,
    onFinding: (finding) => void findings.push(finding),
    onObject: () => {},
    onBytes: () => {},
  });
}

async function attempt(work: (problems: string[]) => Promise<unknown>): Promise<readonly string[]> {
  const problems: string[] = [];
  try {
    await work(problems);
  } catch (error) {
    problems.push(`it ended: ${error}`);
  }
  return problems;
}

async function runOnce(options: MirrorOptions): Promise<void> {
  const prepared = await prepareMirror(options);
  await prepared.carryOut(PORTS, 3);
}

async function pruneOnce(
  mirror: MirrorOptions,
  grace: number,
  clock: { readonly now: number },
): Promise<void> {
  const verified = await verifyOnce({ ...mirror, recalls: false }, 'none');
  const elapsed = () => clock.now;
  const options = { mirror, grace, allowsMany: true, isMeant: true, elapsed };
  for (const one of verified.targets) {
    const { refused } = await pruneTarget(verified, one, options);
    if (refused !== undefined) mirror.onProblem(refused);
  }
}

async function indexIn(store: StorageDriver): Promise<Published | undefined> {
  const text = async (key: string) => bytesIn((await store.read(`archeion/${key}`))?.body ?? []);
  const pointer = parseIndexPointer((await text('index')).toString());
  if (pointer === undefined) return undefined;
  const read = readDigestIndex(await text(pointer.file));
  if (!read.ok) return expect.fail(read.problem);
  const claims = new Set([...recordsIn(read.file)].map(({ hex }) => hex));
  return { validUntil: read.file.header.validUntil, claims };
}
