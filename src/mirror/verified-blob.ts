// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../core/oci/digest.ts';
import { UpstreamError } from '../upstream/upstream-error.ts';
import { type BodyFault, verifiedBody } from '../upstream/verified-body.ts';

export interface ExpectedBlob {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * A blob of the source, of which no target gets all unless it is what it should be.
 *
 * @throws UpstreamError `wrong-digest`
 */
export function verifiedBlob(
  body: AsyncIterable<Uint8Array>,
  expected: ExpectedBlob,
): AsyncGenerator<Uint8Array, void, undefined> {
  return verifiedBody(body, expected, (fault) => wrong(expected, fault));
}

function wrong({ digest, size }: ExpectedBlob, fault: BodyFault): UpstreamError {
  const given = fault.kind === 'digest' ? 'other bytes' : sizeGiven(size, fault.found);
  return new UpstreamError('wrong-digest', `the source gave "${digest}" ${given}`);
}

function sizeGiven(size: number, found: number | 'more'): string {
  return found === 'more'
    ? `more than the ${size} bytes it should have`
    : `${found} bytes, and not ${size}`;
}
