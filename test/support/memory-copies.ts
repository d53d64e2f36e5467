// SPDX-License-Identifier: Apache-2.0
import type { RangeCopies } from '../../src/ranges/copies.ts';

/** A folder of copies that is a map. */
export function memoryCopies(files: Map<string, string>): RangeCopies {
  return {
    read: async (file) => files.get(file),
    write: async (file, text) => void files.set(file, text),
    remove: async (file) => void files.delete(file),
    list: async () => [...files.keys()],
  };
}
