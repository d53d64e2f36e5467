// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';

const PemFile = z.string().min(1);

export const ListenTls = z.strictObject({
  certificate: PemFile.describe(
    "a file in PEM, relative to the configuration file: the server's own certificate first, then those that vouch for it",
  ),
  key: PemFile.describe('the file of its private key in PEM, not encrypted'),
  minVersion: z
    .enum(['TLSv1.2', 'TLSv1.3'])
    .default('TLSv1.2')
    .describe('the oldest version of TLS that is spoken'),
});
