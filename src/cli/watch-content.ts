// SPDX-License-Identifier: Apache-2.0
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors write in several steps, and Kubernetes swaps a symlink beside the file. */
const SETTLED_AFTER = 200;

/**
 * Calls back when a file holds something else than before, once its folder has been quiet for a moment. The
 * folder is watched and not the file: whoever replaces a file leaves the watcher behind with the old one.
 */
export function watchContent(file: string, changed: () => void): () => void {
  let content = contentOf(file);
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const found = contentOf(file);
    if (found === content) return;
    content = found;
    changed();
  };
  const watcher = watch(dirname(file), { persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(look, SETTLED_AFTER).unref();
  });
  // A folder that goes away takes the watch with it; SIGHUP still reloads.
  watcher.on('error', () => watcher.close());
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // between two names, or gone: the reload says what is wrong
  }
}
