// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ContentSeen } from '../core/doctor/observation.ts';
import { printable } from '../core/doctor/printable.ts';
import { bodyKindOf } from '../core/doctor/refusal-body.ts';
import type { Descriptor } from '../core/oci/descriptor.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, parseDigest } from '../core/oci/digest.ts';
import type { ParsedManifest } from '../core/oci/manifest.ts';
import { readBounded } from '../upstream/bounded-body.ts';
import { parseBytes } from '../upstream/manifest-check.ts';
import type { WireAnswer } from '../upstream/transport.ts';
import { looseText, readStart } from './read-start.ts';

/** What the first bytes of a blob are asked for with: enough to tell a page from a layer. */
export const FIRST_BYTES = 1_024;
/** What registries have to accept at least, and so the largest manifest that goes everywhere. */
const MANIFEST_BYTES = 4_194_304;
const LONGEST = 200;

export interface ManifestContent {
  readonly content: ContentSeen;
  readonly parsed: ParsedManifest;
}

/** @param digest the digest asked for; a tag has none */
export async function readManifest(
  answer: WireAnswer,
  url: URL,
  digest: Digest | undefined,
): Promise<ManifestContent> {
  const bytes = await readBounded(answer, { url, maxBytes: MANIFEST_BYTES });
  const claimed = claimedDigest(answer);
  const known = digest ?? parseDigest(claimed ?? '');
  const parsed = parseBytes(bytes, answer.header('content-type'));
  const problem = problemOf(parsed);
  const content = {
    ...(digest !== undefined && { digest }),
    ...(claimed !== undefined && { claimed }),
    hashed: hashOf(bytes, known === undefined ? 'sha256' : algorithmOf(known)),
    body: bodyKindOf(looseText(bytes.subarray(0, FIRST_BYTES))),
    ...(problem !== undefined && { problem: printable(problem, LONGEST) }),
  };
  return { content, parsed };
}

function hashOf(bytes: Uint8Array, algorithm: DigestAlgorithm): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

function problemOf(parsed: ParsedManifest): string | undefined {
  if (!parsed.ok) return parsed.problem;
  const { kind, mediaType } = parsed.manifest;
  return kind === 'opaque' ? `its media type is "${mediaType}", which is no manifest's` : undefined;
}

/** What the headers of a blob say. */
export async function readBlobHead(
  answer: WireAnswer,
  { digest, size }: Descriptor,
): Promise<ContentSeen> {
  await answer.discard();
  return { digest, size, ...announcedBy(answer), body: { kind: 'other' } };
}

/** The first bytes of a blob; a blob of no more than those is hashed. */
export async function readBlobStart(
  answer: WireAnswer,
  { digest, size }: Descriptor,
): Promise<ContentSeen> {
  const bytes = await readStart(answer, FIRST_BYTES);
  const body = bodyKindOf(looseText(bytes));
  const said = { digest, size, ...announcedBy(answer), body };
  return size > FIRST_BYTES ? said : { ...said, hashed: hashOf(bytes, algorithmOf(digest)) };
}

/** All of a blob, hashed and counted. */
export async function readWholeBlob(
  answer: WireAnswer,
  { digest, size }: Descriptor,
): Promise<ContentSeen> {
  const algorithm = algorithmOf(digest);
  const hash = createHash(algorithm);
  let announced = 0;
  let start: Uint8Array = new Uint8Array();
  for await (const piece of answer.body) {
    if (start.byteLength < FIRST_BYTES) {
      start = Buffer.concat([start, piece]).subarray(0, FIRST_BYTES);
    }
    hash.update(piece);
    announced += piece.byteLength;
    // What is longer than it may be is wrong already, however long it goes on.
    if (announced > size) break;
  }
  const { claimed } = announcedBy(answer);
  const said = { digest, size, announced, body: bodyKindOf(looseText(start)) };
  const hashed = `${algorithm}:${hash.digest('hex')}`;
  return { ...said, hashed, ...(claimed !== undefined && { claimed }) };
}

const TOTAL = /^bytes \d+-\d+\/(\d+)$/;

/** The length of the whole, and the digest, as the headers have them. */
function announcedBy(answer: WireAnswer): Pick<ContentSeen, 'announced' | 'claimed'> {
  const length =
    answer.status === 206
      ? TOTAL.exec(answer.header('content-range') ?? '')?.[1]
      : answer.header('content-length');
  const claimed = claimedDigest(answer);
  return {
    ...(length !== undefined && { announced: Number(length) }),
    ...(claimed !== undefined && { claimed }),
  };
}

function claimedDigest({ header }: WireAnswer): string | undefined {
  const claimed = header('docker-content-digest');
  return claimed === undefined ? undefined : printable(claimed, LONGEST);
}
