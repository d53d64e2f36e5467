// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import { concurrently } from '../../core/concurrently.ts';
import type { Digest } from '../../core/oci/digest.ts';
import type { Manifest } from '../../core/oci/manifest.ts';
import { referencesOf } from '../../core/oci/manifest-references.ts';
import { isForeignLayer } from '../../core/oci/media-type.ts';
import { RegistryError } from '../../core/oci/registry-error.ts';
import { blobKey, linkKey, manifestKey, referrerKey } from '../store/layout.ts';
import { checkManifest, type RepositoryPlace, recordOf } from '../store/manifest-store.ts';
import { findManifestRecord, type ManifestRecord } from '../store/records.ts';
import { bytesOf } from '../store/small-object.ts';
import type { CheckPorts } from './check-ports.ts';
import { damage, type Finding } from './finding.ts';

const AGAIN = 'push or import it again';
const LOOKS = 8;

/** Compares a manifest's record with its bytes, and looks for everything that it needs. */
export async function checkManifestRecord(
  ports: CheckPorts,
  repository: string,
  digest: Digest,
): Promise<readonly Finding[]> {
  const { storage } = ports;
  const place = { storage, repository };
  const key = manifestKey(repository, digest);
  const record = await findManifestRecord(storage, repository, digest);
  if (record === undefined) return [];
  const say = (problem: string) => damage(key, problem, AGAIN);
  const bytes = await readBytes(ports, digest);
  if (bytes === undefined) return [say('the bytes of the manifest are gone')];
  const manifest = parse({ bytes, mediaType: record.mediaType, digest });
  if (typeof manifest === 'string') return [say(manifest)];
  const problems = [
    ...differences(record, recordOf(manifest, bytes.byteLength)),
    ...(await missing(place, digest, manifest)),
    ...(ports.acceptsMissing ? [] : await missingManifests(place, manifest)),
  ];
  return problems.map(say);
}

async function readBytes({ storage }: CheckPorts, digest: Digest): Promise<Uint8Array | undefined> {
  const found = await storage.read(blobKey(digest));
  return found && bytesOf(found);
}

/** Text for what is wrong. */
function parse(received: Parameters<typeof checkManifest>[0]): Manifest | string {
  try {
    return checkManifest(received);
  } catch (error) {
    if (error instanceof RegistryError) return error.message;
    throw error;
  }
}

/** Fields of the record that its bytes contradict. Others it may have are not known here. */
function differences(record: ManifestRecord, expected: ManifestRecord): string[] {
  const fields = ['mediaType', 'size', 'subject', 'artifactType', 'children'] as const;
  return fields
    .filter((field) => !isDeepStrictEqual(record[field], expected[field]))
    .map((field) => `its record has another ${field} than its bytes`);
}

/** What the repository has to have beside the record. */
async function missing(
  { storage, repository }: RepositoryPlace,
  digest: Digest,
  manifest: Manifest,
): Promise<string[]> {
  const wanted = referencesOf(manifest)
    // Their bytes may be nowhere but elsewhere.
    .blobs.filter(({ mediaType, urls }) => !isForeignLayer(mediaType) && urls === undefined)
    .map((blob) => ({
      key: linkKey(blob.digest, repository),
      problem: `the repository lacks its blob "${blob.digest}"`,
    }));
  wanted.push({
    key: linkKey(digest, repository),
    problem: 'the repository does not link its bytes',
  });
  const subject = manifest.subject?.digest;
  if (subject !== undefined) {
    const key = referrerKey({ repository, subject, referrer: digest });
    wanted.push({ key, problem: `no list of referrers of "${subject}" names it` });
  }
  const found = await concurrently(wanted, LOOKS, ({ key }) => storage.stat(key));
  return wanted.filter((_, index) => found[index] === undefined).map(({ problem }) => problem);
}

async function missingManifests(
  { storage, repository }: RepositoryPlace,
  manifest: Manifest,
): Promise<string[]> {
  const { manifests } = referencesOf(manifest);
  const found = await concurrently(manifests, LOOKS, ({ digest }) =>
    storage.stat(manifestKey(repository, digest)),
  );
  return manifests
    .filter((_, index) => found[index] === undefined)
    .map(({ digest }) => `the repository lacks the manifest "${digest}" that it lists`);
}
