// SPDX-License-Identifier: Apache-2.0
import type { Handler } from '../../src/protocol/http.ts';

/** What a repository of such a registry holds: tags by digest, and names one part below. */
export interface GoogleRepository {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly child?: readonly unknown[];
  readonly tags?: readonly string[];
}

/** A manifest as such a list shows it. */
export function googleEntry(...tag: readonly string[]): object {
  return {
    imageSizeBytes: '2048',
    layerId: '',
    mediaType: 'application/vnd.oci.image.index.v1+json',
    tag,
    timeCreatedMs: '0',
    timeUploadedMs: '1700000000000',
  };
}

/** A registry without a catalogue, whose lists of tags say digests and what is below. */
export function googleRegistry(
  usual: Handler,
  repositories: Readonly<Record<string, GoogleRepository>>,
): Handler {
  return (request) => {
    if (request.target.startsWith('/v2/_catalog')) return { status: 404, headers: [], body: '' };
    const name = /^\/v2\/(.+)\/tags\/list/.exec(request.target)?.[1];
    if (name === undefined) return usual(request);
    const found = repositories[name];
    if (found === undefined) return { status: 404, headers: [], body: '' };
    const body = JSON.stringify({ name, child: [], manifest: {}, tags: [], ...found });
    return { status: 200, headers: ['Content-Type', 'application/json'], body };
  };
}
