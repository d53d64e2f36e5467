// SPDX-License-Identifier: Apache-2.0

import { bodyKindOf } from '../core/doctor/refusal-body.ts';
import type { Descriptor } from '../core/oci/descriptor.ts';
import { parseDigest } from '../core/oci/digest.ts';
import type { Manifest } from '../core/oci/manifest.ts';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../core/oci/media-type.ts';
import { readBounded } from '../upstream/bounded-body.ts';
import type { Asked, Interview } from './interview.ts';
import {
  FIRST_BYTES,
  readBlobHead,
  readBlobStart,
  readManifest,
  readWholeBlob,
} from './read-content.ts';

import { looseText } from './read-start.ts';

/** A registry that is not told what we understand may convert an index into one of its images. */
const ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');
const PING_BYTES = 65_536;

/** Whether anybody answered at all: of such a host more may be asked. */
export async function askPing(interview: Interview): Promise<boolean> {
  const { hops } = await interview.ask({
    kind: 'ping',
    reference: '',
    path: '',
    method: 'GET',
    // Its document says nothing: only that it is no page for people is of interest.
    async read(answer, url) {
      const bytes = await readBounded(answer, { url, maxBytes: PING_BYTES });
      return { body: bodyKindOf(looseText(bytes)) };
    },
  });
  return hops.at(-1)?.outcome.kind === 'answered';
}

/** What the manifest lists; undefined when it did not come, or is not well. */
export async function askManifest(
  interview: Interview,
  repository: string,
  reference: string,
): Promise<Manifest | undefined> {
  let manifest: Manifest | undefined;
  await interview.ask({
    kind: 'manifest',
    reference,
    path: `${repository}/manifests/${reference}`,
    method: 'GET',
    headers: { accept: ACCEPT },
    async read(answer, url) {
      const { content, parsed } = await readManifest(answer, url, parseDigest(reference));
      const isGenuine = content.digest === undefined || content.digest === content.hashed;
      if (parsed.ok && isGenuine) manifest = parsed.manifest;
      return content;
    },
  });
  return manifest;
}

/** HEAD, as some clients look before they pull, and then bytes: the first, or all of them. */
export async function askBlob(
  interview: Interview,
  repository: string,
  blob: Descriptor & { readonly isFull: boolean },
): Promise<void> {
  const { digest, size, isFull } = blob;
  const about = { reference: digest, path: `${repository}/blobs/${digest}` };
  const head: Asked = {
    ...about,
    kind: 'blob-head',
    method: 'HEAD',
    read: (answer) => readBlobHead(answer, blob),
  };
  // Of nothing there are no first bytes.
  const isPart = !isFull && size > 0;
  const bytes: Asked = {
    ...about,
    kind: 'blob-bytes',
    method: 'GET',
    ...(isPart && { headers: { range: `bytes=0-${FIRST_BYTES - 1}` } }),
    read: (answer) => (isFull ? readWholeBlob : readBlobStart)(answer, blob),
  };
  await interview.ask(head);
  await interview.ask(bytes);
}
