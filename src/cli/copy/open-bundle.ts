// SPDX-License-Identifier: Apache-2.0
import { type BundleReport, verifyBundle } from '../../mirror/images/verify-bundle.ts';
import { type Archive, openArchive } from '../../upstream/archive/read-archive.ts';
import { UpstreamError } from '../../upstream/upstream-error.ts';

export interface OpenBundle {
  readonly report: BundleReport;
  /** Undefined when it is no archive at all. */
  readonly archive: Archive | undefined;
  close(): Promise<void>;
}

/**
 * Opens a bundle and checks all of it. It stays open: what is read from it later is of the same file.
 *
 * @throws UpstreamError when it cannot be read
 */
export async function openBundle(file: string, signal: AbortSignal): Promise<OpenBundle> {
  const archive = await openArchive(file).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.code === 'bad-answer') return error;
    throw error;
  });
  if (archive instanceof UpstreamError) {
    const nothing = { images: [], manifests: 0, blobs: 0, bytes: 0 };
    const report = { ...nothing, problems: [archive.message] };
    return { report, archive: undefined, close: async () => undefined };
  }
  try {
    const report = await verifyBundle(archive, signal);
    return { report, archive, close: archive.close };
  } catch (error) {
    await archive.close();
    throw error;
  }
}
