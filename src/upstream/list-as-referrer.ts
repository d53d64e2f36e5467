// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../core/oci/digest.ts';
import { referrerDescriptor } from '../core/oci/manifest-references.ts';
import { OCI_INDEX } from '../core/oci/media-type.ts';
import type { ManifestBytes } from './image-source.ts';
import { parseBytes, requireBytesOf } from './manifest-check.ts';
import type { PushClient } from './push-client.ts';
import { pushManifest } from './push-manifest.ts';
import { fetchReferrers } from './referrers.ts';
import { referrersTag, registrySource } from './registry-source.ts';
import type { UpstreamClient } from './upstream-client.ts';

export interface ReferrersPlace {
  readonly client: UpstreamClient;
  readonly push: PushClient;
  readonly repository: string;
  readonly name: string;
}

/**
 * Has a manifest found from what it is about: a registry with the referrers API sees to that itself, any other
 * keeps a list under a tag, to which it is added. Whoever changes the same list at once may lose an entry of it; the
 * specification knows no better.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
 */
export function listAsReferrer(
  place: ReferrersPlace,
): (manifest: ManifestBytes, signal: AbortSignal) => Promise<void> {
  let hasApi: boolean | undefined;
  return async (manifest, signal) => {
    const parsed = parseBytes(manifest.bytes, manifest.mediaType);
    const subject = parsed.ok ? parsed.manifest.subject?.digest : undefined;
    if (!parsed.ok || subject === undefined) return;
    const request = { ...place, path: `referrers/${subject}`, signal };
    hasApi ??= (await fetchReferrers(request)) !== undefined;
    if (hasApi) return;
    const { digest, mediaType, bytes } = manifest;
    const about = { digest, mediaType, size: bytes.byteLength };
    await addTo(place, { subject, entry: referrerDescriptor(parsed.manifest, about), signal });
  };
}

interface Addition {
  readonly subject: Digest;
  readonly entry: ReturnType<typeof referrerDescriptor>;
  readonly signal: AbortSignal;
}

async function addTo(place: ReferrersPlace, { subject, entry, signal }: Addition): Promise<void> {
  const { client, repository, name } = place;
  const listed = await registrySource(client, repository, { name }).listReferrers(subject, signal);
  if (listed.some(({ digest }) => digest === entry.digest)) return;
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...listed, entry] };
  const bytes = Buffer.from(JSON.stringify(document));
  const manifest = { digest: requireBytesOf(bytes, undefined, name), mediaType: OCI_INDEX, bytes };
  await pushManifest(place, referrersTag(subject), { manifest, signal });
}
