// SPDX-License-Identifier: Apache-2.0
import { type Digest, parseDigest } from './digest.ts';
import { isObject, isTextMap, type JsonObject, misspelledKey } from './json-object.ts';
import { parseMediaType } from './media-type.ts';

/**
 * Points at content: what it is, its address and its size in bytes.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Readonly<Record<string, unknown>>;
  /** Where else the content may be. Whoever wrote the manifest chose them: not followed unless the host is allowed. */
  readonly urls?: readonly string[];
}

const KEYS = ['mediaType', 'digest', 'size', 'artifactType', 'annotations', 'platform', 'urls'];

/** Reads a descriptor of a parsed document; what is wrong with it comes back as text. */
export function readDescriptor(value: unknown): Descriptor | string {
  if (!isObject(value)) return 'is no object';
  const misspelled = misspelledKey(value, KEYS);
  if (misspelled !== undefined) return `has a key that only case tells from "${misspelled}"`;
  const { mediaType, size } = value;
  if (typeof mediaType !== 'string' || parseMediaType(mediaType) === undefined) {
    return 'has no valid mediaType';
  }
  const digest = typeof value['digest'] === 'string' ? parseDigest(value['digest']) : undefined;
  if (digest === undefined) return 'has no valid digest';
  if (!isSize(size)) return 'has no valid size';
  const optional = readOptional(value);
  return typeof optional === 'string' ? optional : { mediaType, digest, size, ...optional };
}

type OptionalPart = Omit<Descriptor, 'mediaType' | 'digest' | 'size'>;

function readOptional(value: JsonObject): OptionalPart | string {
  const { artifactType, annotations, platform, urls } = value;
  if (artifactType !== undefined && typeof artifactType !== 'string') {
    return 'has an artifactType that is no text';
  }
  if (annotations !== undefined && !isTextMap(annotations)) return 'has invalid annotations';
  if (platform !== undefined && !isObject(platform)) return 'has a platform that is no object';
  if (urls !== undefined && !isTextList(urls)) return 'has urls that are no list of texts';
  return {
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && { platform }),
    ...(urls !== undefined && { urls }),
  };
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
