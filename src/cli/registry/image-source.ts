// SPDX-License-Identifier: Apache-2.0
import { parseImageName } from '../../core/oci/image-name.ts';
import { isTag } from '../../core/oci/reference.ts';
import type { Log } from '../../log.ts';
import type { ImageSource } from '../../upstream/image-source.ts';
import { UsageError } from '../command.ts';

export interface ChosenImage {
  readonly source: ImageSource;
  /** The tag or digest to read there. */
  readonly reference: string;
}

/** `docker://HOST/NAME[:TAG][@DIGEST]`, `oci:DIR[:TAG]`, or the folder of an OCI layout. */
export async function openImage(text: string, log: Log): Promise<ChosenImage> {
  if (text.startsWith('docker://')) return openRegistryImage(text, log);
  const { ociLayoutSource } = await import('../../upstream/oci-layout.ts');
  const { directory, tag } = parseLayout(text);
  return { source: await ociLayoutSource(directory), reference: tag ?? 'latest' };
}

async function openRegistryImage(text: string, log: Log): Promise<ChosenImage> {
  const image = parseImageName(text);
  if (image === undefined) {
    throw new UsageError(`"${text}" is no image: expected docker://HOST/NAME:TAG or …@DIGEST`);
  }
  const [{ openUpstream }, { registrySource }] = await Promise.all([
    import('../../upstream/http-client.ts'),
    import('../../upstream/registry-source.ts'),
  ]);
  const client = openUpstream({ origin: originOf(image.registry), log });
  return {
    source: registrySource(client, image.repository, { name: text }),
    reference: image.reference ?? 'latest',
  };
}

/** As every client does: loopback speaks plain HTTP, everybody else TLS. */
export function originOf(registry: string): string {
  const host = registry.replace(/:\d+$/, '');
  const isLoopback = host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
  return `${isLoopback ? 'http' : 'https'}://${registry}`;
}

function parseLayout(text: string): { directory: string; tag?: string } {
  const path = text.replace(/^oci:/, '');
  const colon = path.lastIndexOf(':');
  const tag = path.slice(colon + 1);
  return colon > 0 && isTag(tag) ? { directory: path.slice(0, colon), tag } : { directory: path };
}
