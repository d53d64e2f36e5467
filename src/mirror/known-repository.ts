// SPDX-License-Identifier: Apache-2.0
import { isObject } from '../core/net/json-value.ts';
import { type Digest, parseDigest } from '../core/oci/digest.ts';

/** What a manifest refers to. All of it is in its digest, so it is true for ever, but for its referrers. */
export interface KnownManifest {
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly manifests: readonly Digest[];
  readonly blobs: ReadonlyArray<readonly [digest: Digest, size: number]>;
  /** How many layers are to be had from elsewhere. */
  readonly foreign: number;
  /** All of them; left out where there are none, and in what was written down before their URLs counted. */
  readonly elsewhere?: readonly ForeignLayer[];
  /** What was about it when somebody looked last. */
  readonly referrers: readonly Digest[];
  /** Its digest is not that of its bytes but of what is signed in them: then no target gets it. */
  readonly isSigned?: boolean;
}

/** A layer that is to be had from elsewhere: the registry may lack it. */
export interface ForeignLayer {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** As whoever wrote the manifest chose them: not one is asked unless its host is allowed. */
  readonly urls: readonly string[];
}

/**
 * What is remembered of one repository of a source, so that nobody asks for it again. It says nothing of what
 * targets hold: to lose it costs requests, and nothing else.
 */
export interface KnownRepository {
  readonly tags: ReadonlyMap<string, Digest>;
  readonly manifests: ReadonlyMap<Digest, KnownManifest>;
  /** When referrers were looked for, in milliseconds since 1970. */
  readonly referrersAt: number;
}

export const NOTHING_KNOWN: KnownRepository = {
  tags: new Map(),
  manifests: new Map(),
  referrersAt: 0,
};

const VERSION = 1;

export function formatKnown({ tags, manifests, referrersAt }: KnownRepository): string {
  const document = {
    version: VERSION,
    referrersAt,
    tags: Object.fromEntries([...tags].sort()),
    manifests: [...manifests].map(([digest, known]) => ({ digest, ...known })),
  };
  return `${JSON.stringify(document)}\n`;
}

/** What is not as we write it is forgotten: it is only a memory. */
export function parseKnown(text: string): KnownRepository | undefined {
  try {
    const document: unknown = JSON.parse(text);
    if (!isObject(document) || document['version'] !== VERSION) return undefined;
    const { tags, manifests, referrersAt } = document;
    if (!isObject(tags) || !Array.isArray(manifests)) return undefined;
    return {
      referrersAt: requireSize(referrersAt),
      tags: new Map(Object.entries(tags).map(([tag, digest]) => [tag, requireDigest(digest)])),
      manifests: new Map(manifests.map(readManifest)),
    };
  } catch {
    return undefined;
  }
}

function readManifest(value: unknown): [Digest, KnownManifest] {
  if (!isObject(value) || typeof value['mediaType'] !== 'string')
    throw new TypeError('no manifest');
  const blobs = requireList(value['blobs']).map((blob): [Digest, number] => {
    const [digest, size] = requireList(blob);
    return [requireDigest(digest), requireSize(size)];
  });
  const { elsewhere } = value;
  const known = {
    mediaType: value['mediaType'],
    size: requireSize(value['size']),
    manifests: requireList(value['manifests']).map(requireDigest),
    blobs,
    foreign: requireSize(value['foreign']),
    ...(elsewhere !== undefined && { elsewhere: requireList(elsewhere).map(readForeign) }),
    referrers: requireList(value['referrers']).map(requireDigest),
    ...(value['isSigned'] === true && { isSigned: true }),
  };
  return [requireDigest(value['digest']), known];
}

function readForeign(value: unknown): ForeignLayer {
  if (!isObject(value)) throw new TypeError('no layer');
  return {
    digest: requireDigest(value['digest']),
    size: requireSize(value['size']),
    urls: requireList(value['urls']).map(requireText),
  };
}

function requireText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('no text');
}

function requireList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('no list');
}

function requireDigest(value: unknown): Digest {
  const digest = typeof value === 'string' ? parseDigest(value) : undefined;
  if (digest !== undefined) return digest;
  throw new TypeError('no digest');
}

function requireSize(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError('no number');
}
