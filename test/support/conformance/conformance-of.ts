// SPDX-License-Identifier: Apache-2.0
import { describe } from 'vitest';
import { blobConformance } from './blob-conformance.ts';
import { contentConformance } from './content-conformance.ts';
import { listConformance } from './list-conformance.ts';
import { manifestConformance } from './manifest-conformance.ts';
import { uploadConformance } from './upload-conformance.ts';
import type { Wire } from './wire.ts';

/**
 * What the distribution specification, 1.1 and the version to come, wants of a registry, over a real socket.
 *
 * @param start a registry with nothing in it, gone when the test is finished
 */
export function conformanceOf(start: () => Promise<Wire>): void {
  describe('blobs', () => blobConformance(start));
  describe('uploads', () => uploadConformance(start));
  describe('content', () => contentConformance(start));
  describe('manifests', () => manifestConformance(start));
  describe('lists', () => listConformance(start));
}
