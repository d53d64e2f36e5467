// SPDX-License-Identifier: Apache-2.0
import type { SecureContextOptions } from 'node:tls';

/** What a server of TLS shows and proves, in PEM. */
export interface TlsMaterial {
  /** The server's own first, then those that vouch for it. */
  readonly certificate: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Stated, so that no option of the command line or NODE_OPTIONS loosens them. */
export function contextOptions({
  certificate,
  key,
  minVersion,
}: TlsMaterial): SecureContextOptions {
  return { cert: certificate, key, minVersion, honorCipherOrder: true };
}
