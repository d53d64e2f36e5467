// SPDX-License-Identifier: Apache-2.0
import { copyFile, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { type NginxServer, startFileServer } from './nginx.ts';
import { blobFile } from './sample-image.ts';

/** A backend that holds the given blobs of a layout, laid out as geranos fills a bucket. */
export async function startBackend(
  folder: string,
  content: { readonly layout: string; readonly digests: readonly string[] },
): Promise<NginxServer> {
  const root = join(folder, 'root');
  const blobs = join(root, 'containers', 'images');
  await mkdir(blobs, { recursive: true });
  for (const digest of content.digests) {
    await copyFile(blobFile(content.layout, digest), join(blobs, digest));
  }
  return startFileServer(folder, root);
}

export interface SilentServer {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** Takes every request and never answers one. */
export async function startSilentServer(): Promise<SilentServer> {
  const port = await freePort();
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
