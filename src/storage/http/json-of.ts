// SPDX-License-Identifier: Apache-2.0

/** Undefined of what is no JSON: the error would quote it, and it may hold a secret. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the only thing that throws here is that it is no JSON
  }
}
