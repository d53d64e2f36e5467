// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** In hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
