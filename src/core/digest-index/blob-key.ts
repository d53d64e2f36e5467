// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from '../oci/digest.ts';
import { type BlobPath, blobPathOf } from '../routing/blob-path.ts';

const PATTERNS = {
  digest: '(?<digest>sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})',
  algorithm: '(?<algorithm>sha256|sha512)',
  hex: '(?<hex>[a-f0-9]{128}|[a-f0-9]{64})',
} as const;

/** Tells which blob lies under a key of a backend: `blobPathOf` the other way round. */
export function blobKeyReader(template: BlobPath): (key: string) => Digest | undefined {
  const pattern = patternOf(template);
  return (key) => {
    const found = pattern.exec(key)?.groups;
    if (found === undefined) return undefined;
    const digest = parseDigest(found['digest'] ?? digestText(found['algorithm'], found['hex']));
    // What a template says twice has to be the same both times: so the way back decides.
    return digest !== undefined && blobPathOf(template, digest) === key ? digest : undefined;
  };
}

function patternOf({ before, parts }: BlobPath): RegExp {
  const seen = new Set<string>();
  let text = escaped(before);
  for (const { part, behind } of parts) {
    // A group may have its name once only; the comparison above covers the others.
    text += seen.has(part) ? '.+' : PATTERNS[part];
    seen.add(part);
    text += escaped(behind);
  }
  return new RegExp(`^${text}$`);
}

function escaped(text: string): string {
  return text.replace(/[$()*+.]/g, '\\$&'); // all that mean something, of those a blob path may have
}

/** Without an algorithm the length tells: a path that names only `{hex}` cannot mean anything else. */
function digestText(algorithm: string | undefined, hex = ''): string {
  return `${algorithm ?? (hex.length === 64 ? 'sha256' : 'sha512')}:${hex}`;
}
