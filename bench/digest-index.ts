// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { writeDigestIndex } from '../src/core/digest-index/digest-index-file.ts';
import { type DigestKnowledge, NO_KNOWLEDGE } from '../src/core/digest-index/digest-knowledge.ts';
import { type Digest, parseDigest } from '../src/core/oci/digest.ts';
import { openDigestIndex, sealDigestIndex } from '../src/upstream/digest-index-seal.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const DIGESTS = 1_000_000;
const BACKENDS = 40;
const LOADS = 7;
const COLLECTIONS = 3;
const LOOKUPS = 200_000;
const PORTION = 1_000;
const MIB = 1024 * 1024;
const ABOUT = { backend: 'b0', url: 'https://b0.example', createdAt: 1, validUntil: 2 ** 45 };

/** A million digests: how long an index takes to be in force, what forty weigh, how fast one is asked. */
export async function benchDigestIndex(): Promise<readonly BenchResult[]> {
  const [bytes, next] = [makeIndex(0), makeIndex(1)];
  const beside = await heldMemory();
  const loads = Array.from({ length: LOADS }, () => timed(() => load(NO_KNOWLEDGE, 'b0', bytes)));
  const forty = Array.from({ length: BACKENDS }, (_, place) => `b${place}`).reduce(
    (knowledge, backend) => load(knowledge, backend, bytes),
    NO_KNOWLEDGE,
  );
  const retained = grown(beside, await heldMemory());
  const started = performance.now();
  const swapped = load(forty, 'b7', next);
  const swap = performance.now() - started;
  const both = grown(beside, await heldMemory());
  return [
    { metric: 'digest index loaded, first time', measured: loads[0] ?? NaN, unit: 'ms' },
    { metric: 'digest index loaded, median', measured: median(loads), unit: 'ms', atMost: 60 },
    { metric: 'one index of forty replaced', measured: swap, unit: 'ms' },
    { metric: 'memory of forty alike', measured: retained, unit: 'MiB', atMost: 24 },
    { metric: 'memory of old and new in a swap', measured: both, unit: 'MiB', atMost: 24 },
    { metric: 'digest lookup, held', measured: lookUps(swapped, true), unit: 'ns' },
    { metric: 'digest lookup, absent', measured: lookUps(forty, false), unit: 'ns' },
  ];
}

/** Another `first` makes an index that differs in one digest at its beginning and one at its end. */
function makeIndex(first: number): Uint8Array {
  const blobs = Array.from({ length: DIGESTS }, (_, number) => ({
    digest: digestAt(first + number),
    size: number * 1_000,
  }));
  return sealDigestIndex(writeDigestIndex(ABOUT, blobs));
}

/** As spread as real ones are. Numbers above `DIGESTS` are in no index, 0 only in the first. */
function digestAt(number: number): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(`${number}`).digest('hex')}`);
  if (digest === undefined) throw new Error('a sha256 is no digest');
  return digest;
}

/** Everything between the last byte of a file and the first client who profits. */
function load(knowledge: DigestKnowledge, backend: string, bytes: Uint8Array): DigestKnowledge {
  const opened = openDigestIndex(bytes, { backend: ABOUT.backend, url: ABOUT.url, now: 1 });
  if (!opened.ok) throw new Error(opened.problem);
  const { sets, header } = opened.file;
  return knowledge.with(backend, { sets, validUntil: header.validUntil });
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

interface Memory {
  readonly heap: number;
  readonly buffers: number;
}

/** In MiB, of what cannot be collected: typed arrays lie outside of the heap. */
async function heldMemory(): Promise<Memory> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let round = 0; round < COLLECTIONS; round += 1) {
    collect();
    await delay(50); // buffers are swept behind the collector's back
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed / MIB, buffers: arrayBuffers / MIB };
}

/** What the heap lets go of meanwhile (code that ran once) is not set against the buffers. */
function grown(before: Memory, after: Memory): number {
  return Math.max(0, after.heap - before.heap) + after.buffers - before.buffers;
}

/** The median over short portions, as in address-lookup.ts: most of them are not interrupted. */
function lookUps(knowledge: DigestKnowledge, isHeld: boolean): number {
  const from = isHeld ? 1 : DIGESTS + 1;
  const digests = Array.from({ length: LOOKUPS }, (_, number) => digestAt(from + number));
  const portions: number[] = [];
  for (let start = 0; start < LOOKUPS; start += PORTION) {
    const portion = digests.slice(start, start + PORTION);
    let held = 0;
    const took = timed(() => {
      for (const digest of portion) held += knowledge.knows('b39', digest, 1) === 'held' ? 1 : 0;
    });
    if (held !== (isHeld ? PORTION : 0)) throw new Error(`${held} of ${PORTION} are held`);
    portions.push((took * 1e6) / PORTION);
  }
  return median(portions);
}

if (import.meta.main) await runAlone(benchDigestIndex);
