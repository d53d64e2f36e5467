// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Descriptor } from '../../src/core/oci/descriptor.ts';
import { importImage } from '../../src/registry/transfer/import.ts';
import { type MemorySource, memorySource } from '../../src/registry/transfer/memory-source.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { addImage, addIndex, addReferrer } from './registry-images.ts';

/** A folder that is gone when the test is finished. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archeion-registry-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface RegistryFolder {
  readonly folder: string;
  readonly storage: StorageDriver;
  readonly source: MemorySource;
  /** `team/app:v1` and `:v2`: two platforms, and an artifact about them. */
  readonly index: Descriptor;
  readonly platforms: readonly [Descriptor, Descriptor];
  readonly referrer: Descriptor;
}

/** A registry in a folder: an image of two platforms with a referrer, one of which another repository holds too. */
export async function registryFolder(): Promise<RegistryFolder> {
  const folder = await temporaryFolder();
  const storage = filesystemDriver(folder);
  const source = memorySource('test');
  const platforms = [addImage(source, 'amd64'), addImage(source, 'arm64')] as const;
  const index = addIndex(source, platforms);
  const referrer = addReferrer(source, index, 'text/signature');
  source.tag('index', index.digest);
  source.tag('one', platforms[0].digest);
  const add = (repository: string, tag: string, reference: string) =>
    importImage({ source, storage, repository, tag, reference });
  await add('team/app', 'v1', 'index');
  await add('team/app', 'v2', 'index');
  await add('other', 'v1', 'one');
  return { folder, storage, source, index, platforms, referrer };
}
