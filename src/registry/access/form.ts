// SPDX-License-Identifier: Apache-2.0
import { RegistryError } from '../../core/oci/registry-error.ts';
import type { HttpRequest } from '../../protocol/http.ts';

/** Bytes: a login and a few scopes. */
const LONGEST = 16_384;
const FORM = /^application\/x-www-form-urlencoded *(?:;|$)/i;

/** @throws RegistryError 415 for what is no form, 413 for one that is too long */
export async function readForm(request: HttpRequest): Promise<URLSearchParams> {
  if (!FORM.test(request.header('content-type') ?? '')) {
    throw new RegistryError('UNSUPPORTED', 'expected a form', { status: 415 });
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > LONGEST) throw new RegistryError('SIZE_INVALID', 'too long', { status: 413 });
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
