// SPDX-License-Identifier: Apache-2.0
import type { ObjectStore } from '../storage/driver.ts';
import { bytesPaid, type PayingPorts } from '../upstream/paying.ts';

/** A store that gets no more bytes a second, of all objects together. What a driver sends again counts once. */
export function pacedStore(
  store: ObjectStore,
  bytesPerSecond: number,
  ports: PayingPorts,
): ObjectStore {
  const paid = bytesPaid(bytesPerSecond, ports);
  return {
    ...store,
    write(key, body, options = {}) {
      const { signal } = options;
      if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
        return store.write(key, paid(body, signal), options);
      }
      const bytes = Buffer.from(body);
      return store.write(key, paid([bytes], signal), { size: bytes.byteLength, ...options });
    },
  };
}
