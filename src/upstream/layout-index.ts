// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import { isObject, type JsonObject } from '../core/oci/json-object.ts';
import { parseDocument } from '../core/oci/manifest-document.ts';
import { OCI_INDEX } from '../core/oci/media-type.ts';
import { UpstreamError } from './upstream-error.ts';
import { decodeUtf8 } from './utf8.ts';

export const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * The index of a layout with more entries. One with a name takes the place of those that had it; one without
 * is added unless its digest is there. Whatever else the index says stays as it is.
 *
 * @throws UpstreamError when the index cannot be understood
 */
export function withEntries(
  index: Uint8Array | undefined,
  added: readonly Descriptor[],
  shown: string,
): string {
  const document = index === undefined ? EMPTY : requireDocument(index, shown);
  const manifests = document['manifests'] ?? [];
  if (!Array.isArray(manifests)) throw malformed(shown, 'its manifests are no list');
  const names = new Set(added.map(nameOf).filter((name) => name !== undefined));
  const kept = manifests.filter((entry: unknown) => !names.has(nameOf(entry) ?? ''));
  const digests = new Set(kept.map(digestOf));
  const more = added.filter((entry) => nameOf(entry) !== undefined || !digests.has(entry.digest));
  return `${JSON.stringify({ ...document, manifests: [...kept, ...more] })}\n`;
}

const EMPTY: JsonObject = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };

function requireDocument(bytes: Uint8Array, shown: string): JsonObject {
  const text = decodeUtf8(bytes);
  const document = text === undefined ? 'it is no UTF-8' : parseDocument(text);
  if (typeof document === 'string') throw malformed(shown, document);
  return document;
}

function nameOf(entry: unknown): string | undefined {
  const annotations = isObject(entry) ? entry['annotations'] : undefined;
  const name = isObject(annotations) ? annotations[REF_NAME] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function digestOf(entry: unknown): unknown {
  return isObject(entry) ? entry['digest'] : undefined;
}

function malformed(shown: string, problem: string): UpstreamError {
  return new UpstreamError('bad-answer', `"${shown}" has a malformed index: ${problem}`);
}
