// SPDX-License-Identifier: Apache-2.0
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors write in several steps, Kubernetes swaps a symlink beside the file, and a certificate has a key. */
const SETTLED_AFTER = 200;

/**
 * Calls back when one of several files holds something else than before, once their folders have been quiet
 * for a moment. Folders are watched and not files: whoever replaces a file leaves the watcher behind with the
 * old one.
 */
export function watchContent(files: readonly string[], changed: () => void): () => void {
  let contents = files.map(contentOf);
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const found = files.map(contentOf);
    if (found.every((content, index) => content === contents[index])) return;
    contents = found;
    changed();
  };
  const watchers = [...new Set(files.map((file) => dirname(file)))].map((folder) => {
    const watcher = watch(folder, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(look, SETTLED_AFTER).unref();
    });
    // A folder that goes away takes the watch with it; SIGHUP still reloads.
    return watcher.on('error', () => watcher.close());
  });
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // between two names, or gone: the reload says what is wrong
  }
}
