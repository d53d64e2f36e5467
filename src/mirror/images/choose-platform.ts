// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../../core/oci/descriptor.ts';
import type { ManifestBytes, TaggedSource } from '../../upstream/image-source.ts';
import { parseBytes } from '../../upstream/manifest-check.ts';
import { CopyError } from './copy-error.ts';

/** `linux/arm/v7`, as Docker writes it; the variant may be left out. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

const PLATFORM = /^([a-z0-9]{1,32})\/([a-z0-9]{1,32})(?:\/([a-z0-9.]{1,32}))?$/;

export function parsePlatform(text: string): Platform | undefined {
  const [, os, architecture, variant] = PLATFORM.exec(text) ?? [];
  if (os === undefined || architecture === undefined) return undefined;
  return { os, architecture, variant };
}

/** The manifest of one platform; an image that is of one platform alone is taken as it is. */
export async function choosePlatform(
  source: TaggedSource,
  { root, platform }: { readonly root: ManifestBytes; readonly platform: Platform },
  signal: AbortSignal,
): Promise<ManifestBytes> {
  const parsed = parseBytes(root.bytes, root.mediaType);
  if (!parsed.ok)
    throw new CopyError('invalid', `"${root.digest}" is malformed: ${parsed.problem}`);
  const { manifests, kind } = parsed.manifest;
  if (kind !== 'index') return root;
  const chosen = manifests.find((listed) => isOf(listed, platform));
  if (chosen === undefined) {
    const there = manifests.flatMap((listed) => platformText(listed) ?? []).join(', ');
    throw new CopyError(
      'missing',
      `"${source.name}" has no such platform, only ${there || 'none'}`,
    );
  }
  const found = await source.fetchManifest(chosen.digest, signal);
  if (found !== undefined) return found;
  throw new CopyError('missing', `"${source.name}" lists "${chosen.digest}", and lacks it`);
}

function isOf({ platform = {} }: Descriptor, wanted: Platform): boolean {
  const isSame = platform['os'] === wanted.os && platform['architecture'] === wanted.architecture;
  return isSame && [undefined, platform['variant']].includes(wanted.variant);
}

export function platformText({ platform }: Descriptor): string | undefined {
  if (platform === undefined) return undefined;
  return [platform['os'], platform['architecture'], platform['variant']].filter(Boolean).join('/');
}
