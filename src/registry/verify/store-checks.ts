// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import { hasLayout } from '../store/ensure-layout.ts';
import { blobKey, type ReferrerPlace, referrerKey, tagKey } from '../store/layout.ts';
import { readKey } from '../store/read-key.ts';
import { findManifestRecord, findTagRecord, readReferrer } from '../store/records.ts';
import { checkBlob } from './check-blob.ts';
import { checkManifestRecord } from './check-manifest-record.ts';
import type { CheckPorts } from './check-ports.ts';
import { damage, type Finding, findingsOfError, note } from './finding.ts';

/**
 * Looks at one object. What is amiss is looked for twice: somebody may be pushing, and write next what was
 * missing, or have removed the object.
 *
 * @throws StoreError for the store of a newer program
 */
export async function checkObject(ports: CheckPorts, key: string): Promise<readonly Finding[]> {
  const found = await checkOnce(ports, key);
  const isAmiss = found.some(({ severity }) => severity === 'damage');
  if (!isAmiss) return found;
  await ports.settle();
  return checkOnce(ports, key);
}

async function checkOnce(ports: CheckPorts, key: string): Promise<readonly Finding[]> {
  try {
    return await check(ports, key);
  } catch (error) {
    return findingsOfError(key, error);
  }
}

async function check(ports: CheckPorts, key: string): Promise<readonly Finding[]> {
  const named = readKey(key);
  switch (named.kind) {
    case 'layout':
      await hasLayout(ports.storage);
      return [];
    case 'blob':
      return checkBlob(ports, named.digest);
    case 'link':
      return checkLink(ports, key, named.digest);
    case 'manifest':
      return checkManifestRecord(ports, named.repository, named.digest);
    case 'tag':
      return checkTag(ports, named.repository, named.tag);
    case 'referrer':
      return checkReferrer(ports, named);
    case 'token-key': // whoever starts looks at it
    case 'other':
      return [];
    case 'stray':
      return [damage(key, 'a registry has no such object', 'find out who put it here; remove it')];
  }
}

async function checkLink(
  { storage }: CheckPorts,
  key: string,
  digest: Digest,
): Promise<readonly Finding[]> {
  if ((await storage.stat(blobKey(digest))) !== undefined) return [];
  // Looked at last: whoever removes both removes the link first.
  if ((await storage.stat(key)) === undefined) return [];
  const problem = 'the repository holds a blob whose bytes are gone';
  return [damage(key, problem, 'push or import an image that has it')];
}

async function checkTag(
  { storage }: CheckPorts,
  repository: string,
  tag: string,
): Promise<readonly Finding[]> {
  const record = await findTagRecord(storage, repository, tag);
  if (record === undefined) return [];
  const { digest } = record;
  const say = (problem: string) => [
    damage(tagKey(repository, tag), problem, 'push the tag again, or remove it with registry rm'),
  ];
  if (!Number.isFinite(record.pushedAt)) return say('it does not say when it was pushed');
  const manifest = await findManifestRecord(storage, repository, digest);
  if (manifest === undefined) return say(`the manifest "${digest}" it points at is not there`);
  const isSame = manifest.mediaType === record.mediaType && manifest.size === record.size;
  return isSame ? [] : say(`it says another media type or size than the record of "${digest}"`);
}

async function checkReferrer(
  { storage }: CheckPorts,
  place: ReferrerPlace,
): Promise<readonly Finding[]> {
  const { repository, subject, referrer } = place;
  const key = referrerKey(place);
  const descriptor = await readReferrer(storage, key);
  if (descriptor === undefined) return [];
  const say = (problem: string) => [damage(key, problem, `push or import "${referrer}" again`)];
  const record = await findManifestRecord(storage, repository, referrer);
  if (record === undefined) return say('the manifest it names is not there');
  if (record.subject !== subject) return say('the manifest it names is about something else');
  const { digest, mediaType, size } = descriptor;
  const isSame = digest === referrer && mediaType === record.mediaType && size === record.size;
  if (!isSame) return say('it says another digest, media type or size than the manifest has');
  if ((await findManifestRecord(storage, repository, subject)) !== undefined) return [];
  return [note(key, 'its subject is not there, which is allowed: it may come later', 'nothing')];
}
