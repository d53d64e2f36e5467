// SPDX-License-Identifier: Apache-2.0
import type { PlannedCopy } from '../core/mirroring/plan-mirror.ts';
import { algorithmOf, hexOf } from '../core/oci/digest.ts';
import { blobPathOf } from '../core/routing/blob-path.ts';
import type { ObjectInfo } from '../storage/driver.ts';
import { StorageError } from '../storage/storage-error.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { fanOut, StuckReader } from './fan-out.ts';
import type { ListedTarget } from './mirror-target.ts';
import { verifiedBlob } from './verified-blob.ts';

/** Reads an object of the source; undefined when it has none. */
export type OpenObject = (
  copy: PlannedCopy,
  signal: AbortSignal,
) => Promise<AsyncIterable<Uint8Array> | undefined>;

export interface CopyPorts {
  readonly open: OpenObject;
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly retries: number;
  /** Milliseconds before the first retry, at most; doubled for each next. */
  readonly backoff: number;
  /** Milliseconds a target may take nothing while others wait. */
  readonly patience: number;
  /** Bytes that are on their way to a target; less than nothing when an attempt is over, whatever came of it. */
  readonly onMoved?: (target: string, bytes: number) => void;
}

export type CopyOutcome =
  | { readonly kind: 'copied' }
  /** Somebody else was faster. */
  | { readonly kind: 'present' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** By target. */
export type CopyOutcomes = ReadonlyMap<ListedTarget, CopyOutcome>;

/** What is under a digest never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Reads an object once and writes it to every target that lacks it; nothing shows there before all of it is
 * verified. What may pass is tried again, for the targets that it failed for.
 */
export async function copyObject(
  copy: PlannedCopy,
  targets: readonly ListedTarget[],
  ports: CopyPorts,
): Promise<CopyOutcomes> {
  const outcomes = new Map<ListedTarget, CopyOutcome>();
  let left = targets;
  for (let attempt = 0; left.length > 0; attempt += 1) {
    // One that was ended early is told of as what the next attempt fails with.
    if (attempt > 0) await ports.sleep(waitBefore(attempt, ports), ports.signal).catch(() => {});
    const results = await copyOnce({ copy, attempt }, left, ports);
    for (const [place, target] of left.entries()) outcomes.set(target, outcomeOf(results[place]));
    left = left.filter((target) => mayPass(outcomes.get(target)));
    if (attempt === ports.retries) break;
  }
  return outcomes;
}

/** The spread keeps what failed together from returning together. */
function waitBefore(attempt: number, { backoff, random }: CopyPorts): number {
  return backoff * 2 ** (attempt - 1) * (0.5 + random() / 2);
}

type WriteResult = 'copied' | 'present';

interface Attempt {
  readonly copy: PlannedCopy;
  /** From 0. */
  readonly attempt: number;
}

async function copyOnce(
  { copy, attempt }: Attempt,
  targets: readonly ListedTarget[],
  { open, signal, patience, onMoved }: CopyPorts,
): Promise<PromiseSettledResult<WriteResult>[]> {
  const moved = targets.map(() => 0);
  const onTaken = (place: number, bytes: number): void => {
    moved[place] = (moved[place] ?? 0) + bytes;
    onMoved?.(targets[place]?.name ?? '', bytes);
  };
  try {
    signal.throwIfAborted();
    const body = await open(copy, signal);
    if (body === undefined) throw lacking(copy);
    const readers = targets.map(
      (target) => (bytes: AsyncIterable<Uint8Array>) => write({ copy, attempt }, target, bytes),
    );
    return await fanOut({ body: verifiedBlob(body, copy), readers, patience, onTaken });
  } catch (reason) {
    return targets.map(() => ({ status: 'rejected', reason }));
  } finally {
    for (const [place, { name }] of targets.entries()) onMoved?.(name, -(moved[place] ?? 0));
  }
}

function lacking({ repository }: PlannedCopy): UpstreamError {
  return new UpstreamError('status', `"${repository}" lacks it`, { status: 404 });
}

async function write(
  { copy, attempt }: Attempt,
  { name, store, blobPath }: ListedTarget,
  body: AsyncIterable<Uint8Array>,
): Promise<WriteResult> {
  const { digest, size, mediaType, replaces } = copy;
  const key = blobPathOf(blobPath, digest);
  const replaced = replaces?.get(name);
  // The plan has just looked: most often nothing is there.
  const isFirst = attempt === 0 && replaced === undefined;
  const found = isFirst ? undefined : await store.stat(key);
  const isGood = (info: ObjectInfo | undefined) => info?.size === size && info.version !== replaced;
  if (isGood(found)) return 'present';
  // What has another size was left by somebody who broke off: it is replaced, unless somebody else does it now.
  const condition = found === undefined ? { absent: true as const } : { version: found.version };
  const sha256 = algorithmOf(digest) === 'sha256' ? { sha256: hexOf(digest) } : {};
  const about = { size, contentType: mediaType, cacheControl: FOR_EVER, ...sha256 };
  const written = await store.write(key, body, { ...about, condition });
  if (written !== 'conflict') return 'copied';
  // Whoever is writing it may still fail: only what is there counts.
  if (isGood(await store.stat(key))) return 'present';
  throw new StorageError('failed', key, 'somebody else writes it, and it is not there yet');
}

function outcomeOf(result: PromiseSettledResult<WriteResult> | undefined): CopyOutcome {
  if (result?.status === 'fulfilled') return { kind: result.value };
  return { kind: 'failed', error: result?.reason };
}

function mayPass(outcome: CopyOutcome | undefined): boolean {
  if (outcome?.kind !== 'failed') return false;
  const { error } = outcome;
  // Of a status the client has made sure: it has asked several times.
  if (error instanceof UpstreamError) return MAY_PASS.includes(error.code);
  return error instanceof StorageError && error.code === 'failed';
}

/** Wrong bytes are most often those of a connection that broke without saying so. */
const MAY_PASS: readonly string[] = ['unreachable', 'timeout', 'wrong-digest'];

/** Whether a target is better left alone: nothing else can be written there either, or only after a long wait. */
export function isLost(error: unknown): boolean {
  if (error instanceof StuckReader) return true;
  return error instanceof StorageError && (error.code === 'no-space' || error.code === 'denied');
}

/** Whether it is the source that does not answer, or cannot keep up. */
export function isOfSource(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  const { code, status = 0 } = error;
  return code === 'unreachable' || code === 'timeout' || status === 429 || status >= 500;
}
