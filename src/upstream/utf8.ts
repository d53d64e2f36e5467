// SPDX-License-Identifier: Apache-2.0

/** Undefined for bytes that are no UTF-8: decoded loosely they would be another document. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    // A byte order mark is kept, and so makes a document no JSON, as it is to everybody else.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the only thing it throws
  }
}
