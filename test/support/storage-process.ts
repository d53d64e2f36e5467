// SPDX-License-Identifier: Apache-2.0
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { bytesIn, textAt } from './storage-reading.ts';

/** What another process does to a folder in a test: `node storage-process.ts <what> <folder>`. */
const [what = '', folder = ''] = process.argv.slice(2);
const storage = filesystemDriver(folder);

const ACTIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Adds one to a counter, many times, by compare-and-swap. */
  async count() {
    for (let left = 25; left > 0; ) {
      const found = await storage.read('counter');
      const value = Number((await bytesIn(found?.body ?? [])).toString());
      const condition = { version: found?.info.version ?? '' };
      const written = await storage.write('counter', `${value + 1}`, { condition });
      if (written !== 'conflict') left -= 1;
    }
  },
  /** Replaces an object by one that does not fit on the disk. */
  async fill() {
    await storage.write('key', 'old bytes');
    const failure = await storage.write('key', Buffer.alloc(8_000_000)).catch((error) => error);
    const part = await storage.startUpload('other');
    const failedPart = await storage
      .appendPart(part, Buffer.alloc(8_000_000))
      .catch((error) => error);
    await storage.write('small', 'fits again');
    return { codes: [failure.code, failedPart.code], key: await textAt(storage, 'key') };
  },
};

process.stdout.write(`${JSON.stringify((await ACTIONS[what]?.()) ?? {})}\n`);
