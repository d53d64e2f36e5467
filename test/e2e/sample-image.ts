// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../support/processes.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const REFERENCE_NAME = 'org.opencontainers.image.ref.name';
const PLATFORMS = ['amd64', 'arm64'];
const MIB = 1024 * 1024;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface SampleImage {
  /** An OCI image layout; its references are the tags below. */
  readonly layout: string;
  readonly tag: string;
  readonly indexDigest: string;
  readonly platformDigests: readonly string[];
  /** What cosign 2 calls the signature of the index. */
  readonly signatureTag: string;
  /** Where a client without a referrers API to ask looks for referrers of the index. */
  readonly referrersTag: string;
  /** The file that holds the index by that tag. */
  readonly referrersFile: string;
  readonly referrerTag: string;
  readonly referrerDigest: string;
}

/**
 * An image for two platforms with three layers each (one of them shared), a cosign-like signature and a
 * referrer. umoci makes the images; what it cannot make is written here.
 */
export async function buildSampleImage(folder: string): Promise<SampleImage> {
  const layout = join(folder, 'layout');
  await mkdir(folder, { recursive: true });
  await mustRun('umoci', ['init', '--layout', layout]);
  for (const platform of PLATFORMS) await buildPlatform(layout, platform);
  await mustRun('umoci', ['gc', '--layout', layout]);

  const platforms = await platformDescriptors(layout);
  const index = await addIndex(layout, platforms);
  const signature = await addArtifact(layout, {
    config: ['application/vnd.oci.image.config.v1+json', '{"architecture":"","os":"","rootfs":{}}'],
    layer: ['application/vnd.dev.cosign.simplesigning.v1+json', signedPayload(index)],
  });
  const referrer = await addArtifact(layout, {
    artifactType: 'application/vnd.example.sbom',
    subject: index,
    config: ['application/vnd.oci.empty.v1+json', '{}'],
    layer: ['application/spdx+json', '{"spdxVersion":"SPDX-2.3"}'],
  });
  const referrers = await addIndex(layout, [referrer]);

  const referrersTag = index.digest.replace(':', '-');
  const signatureTag = `${referrersTag}.sig`;
  await nameReferences(layout, { v1: index, [signatureTag]: signature, sbom: referrer });
  return {
    layout,
    tag: 'v1',
    indexDigest: index.digest,
    platformDigests: platforms.map(({ digest }) => digest),
    signatureTag,
    referrersTag,
    referrersFile: blobFile(layout, referrers.digest),
    referrerTag: 'sbom',
    referrerDigest: referrer.digest,
  };
}

/** The digests of everything in an OCI image layout, in byte order; each is compared with its bytes. */
export async function digestsIn(layout: string): Promise<string[]> {
  const folder = join(layout, 'blobs', 'sha256');
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    const found = digestOf(await readFile(join(folder, name)));
    if (found !== `sha256:${name}`) throw new Error(`${folder}/${name} holds ${found}`);
  }
  return names.map((name) => `sha256:${name}`);
}

/** The file in a layout that holds the bytes of a digest. */
export function blobFile(layout: string, digest: string): string {
  return join(layout, 'blobs', ...digest.split(':'));
}

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function buildPlatform(layout: string, architecture: string): Promise<void> {
  const image = `${layout}:${architecture}`;
  await mustRun('umoci', ['new', '--image', image]);
  await mustRun('umoci', ['config', '--image', image, '--architecture', architecture]);
  for (const [name, mebibytes] of Object.entries({ [`program-${architecture}`]: 4, data: 2 })) {
    // Bytes that do not compress: a layer has to be as large as it says.
    const file = join(layout, '..', `${name}.bin`);
    await writeFile(file, randomBytes(mebibytes * MIB), { flag: 'wx' }).catch(ignoreExisting);
    await mustRun('umoci', ['insert', '--image', image, file, `/opt/${name}`]);
  }
  // A removal of its own for every image built: no two images share a blob, the platforms of one do.
  const removed = `/opt/data/${digestOf(await readFile(join(layout, '..', 'data.bin'))).slice(7, 19)}`;
  await mustRun('umoci', ['insert', '--image', image, '--whiteout', removed]);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function platformDescriptors(layout: string): Promise<Descriptor[]> {
  const { manifests } = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'));
  return PLATFORMS.map((architecture) => {
    const found = manifests.find(
      (entry: Descriptor) => entry.annotations?.[REFERENCE_NAME] === architecture,
    );
    const { mediaType, digest, size } = found;
    return { mediaType, digest, size, platform: { os: 'linux', architecture } };
  });
}

function signedPayload(index: Descriptor): string {
  return JSON.stringify({ critical: { image: { 'docker-manifest-digest': index.digest } } });
}

interface Artifact {
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  /** Media type and content. */
  readonly config: readonly [string, string];
  readonly layer: readonly [string, string];
}

async function addArtifact(layout: string, artifact: Artifact): Promise<Descriptor> {
  const { config, layer, ...rest } = artifact;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...rest,
    config: await addBlob(layout, ...config),
    layers: [await addBlob(layout, ...layer)],
  };
  const descriptor = await addBlob(layout, OCI_MANIFEST, JSON.stringify(manifest));
  const { artifactType } = artifact;
  return artifactType === undefined ? descriptor : { ...descriptor, artifactType };
}

function addIndex(layout: string, manifests: readonly Descriptor[]): Promise<Descriptor> {
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  return addBlob(layout, OCI_INDEX, JSON.stringify(index));
}

async function addBlob(layout: string, mediaType: string, content: string): Promise<Descriptor> {
  const digest = digestOf(content);
  await writeFile(blobFile(layout, digest), content);
  return { mediaType, digest, size: Buffer.byteLength(content) };
}

async function nameReferences(
  layout: string,
  references: Readonly<Record<string, Descriptor>>,
): Promise<void> {
  const manifests = Object.entries(references).map(([name, descriptor]) => ({
    ...descriptor,
    annotations: { [REFERENCE_NAME]: name },
  }));
  await writeFile(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
}
