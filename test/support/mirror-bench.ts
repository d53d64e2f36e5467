// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { parseSelection } from '../../src/core/mirroring/selection.ts';
import { parseBlobPath } from '../../src/core/routing/blob-path.ts';
import { type MirrorOptions, type PreparedMirror, prepareMirror } from '../../src/mirror/mirror.ts';
import type { MirrorSource } from '../../src/mirror/mirror-source.ts';
import type { ObjectStore } from '../../src/storage/driver.ts';
import { sha256Of } from './image-documents.ts';
import { bytesIn, keysIn } from './storage-reading.ts';

export const IMAGES = 'containers/images/';

export interface MirrorBench {
  readonly source: MirrorSource;
  readonly stores: Readonly<Record<string, ObjectStore>>;
  readonly options?: Partial<MirrorOptions>;
}

export interface MirrorOutcome {
  readonly prepared: PreparedMirror;
  readonly problems: readonly string[];
}

/** One run over everything there is in `team/app` and `other`. */
export async function runMirror({ source, stores, options }: MirrorBench): Promise<MirrorOutcome> {
  const problems: string[] = [];
  const blobPath = parseBlobPath(`${IMAGES}{digest}`) ?? expect.fail('it is a path');
  const prepared = await prepareMirror({
    source,
    selections: ['team/app', 'other'].flatMap((text) => parseSelection(text) ?? []),
    declared: new Map(),
    targets: Object.entries(stores).map(([name, store]) => ({
      name,
      store,
      blobPath,
      publicUrl: `https://${name}.example`,
    })),
    isImmutable: () => false,
    includesManifests: true,
    referrersAfter: 86_400_000,
    isDryRun: false,
    index: { validFor: 3_600_000, privateKey: undefined, every: 86_400_000 },
    now: Date.now,
    onProblem: (problem) => problems.push(problem),
    signal: new AbortController().signal,
    ...options,
  });
  const ports = { random: () => 0, retries: 2, backoff: 1, patience: 800 };
  await prepared.carryOut({ ...ports, sleep: async () => {} }, 4);
  return { prepared, problems };
}

/** The digests that a store has something under. */
export async function heldIn(store: ObjectStore): Promise<string[]> {
  return (await keysIn(store, IMAGES)).map((key) => key.slice(IMAGES.length));
}

/** Whatever lies under a digest is what it says. */
export async function requireTrue(store: ObjectStore): Promise<void> {
  for (const digest of await heldIn(store)) {
    const found = (await store.read(IMAGES + digest)) ?? expect.fail('it was listed');
    expect(sha256Of(await bytesIn(found.body))).toBe(digest);
  }
}
