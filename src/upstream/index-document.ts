// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import { parseDigest } from '../core/oci/digest.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** An object's members, or undefined for any other JSON and for what is no JSON. */
export function parseJsonObject(bytes: Uint8Array): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return undefined; // neither UTF-8 nor JSON: the caller says what was expected
  }
}

/** The descriptors of an image index, in order; undefined when it is malformed or any of them is. */
export function descriptorsOf(bytes: Uint8Array): readonly Descriptor[] | undefined {
  const manifests = parseJsonObject(bytes)?.['manifests'];
  if (!Array.isArray(manifests)) return undefined;
  const descriptors: Descriptor[] = [];
  for (const value of manifests) {
    const descriptor = parseDescriptor(value);
    if (descriptor === undefined) return undefined;
    descriptors.push(descriptor);
  }
  return descriptors;
}

/**
 * A descriptor. A member that is null counts as left out, as some encoders write it.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#properties
 */
export function parseDescriptor(value: unknown): Descriptor | undefined {
  const { mediaType, digest, size, artifactType, annotations, platform } = objectOf(value) ?? {};
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined;
  if (parsed === undefined || typeof mediaType !== 'string' || !isSize(size)) return undefined;
  if (typeof (artifactType ?? '') !== 'string') return undefined;
  const notes = parseAnnotations(annotations ?? {});
  if (notes === undefined) return undefined;
  const place = objectOf(platform);
  return {
    mediaType,
    digest: parsed,
    size,
    ...(typeof artifactType === 'string' && { artifactType }),
    ...(Object.keys(notes).length > 0 && { annotations: notes }),
    ...(place !== undefined && { platform: place }),
  };
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

export function parseAnnotations(value: unknown): Readonly<Record<string, string>> | undefined {
  const object = objectOf(value);
  const isOfText = Object.values(object ?? {}).every((text) => typeof text === 'string');
  // Checked in the line above.
  return isOfText ? (object as Readonly<Record<string, string>> | undefined) : undefined;
}

function objectOf(value: unknown): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : undefined; // checked in the line above
}
