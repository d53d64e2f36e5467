// SPDX-License-Identifier: Apache-2.0
import { parseDigest } from './digest.ts';
import { isTag } from './reference.ts';
import { isRepository } from './repository.ts';

/** Where an image is, taken apart. */
export interface ImageName {
  /** Host and, when it is written, port: what to connect to. */
  readonly registry: string;
  readonly repository: string;
  /** A tag or a digest, the digest when both are written; undefined when the name stands for the repository. */
  readonly reference: string | undefined;
}

const SCHEME = 'docker://';
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const HOST = new RegExp(
  `^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-f:.]{2,45}\\])(?::([1-9][0-9]{0,4}))?$`,
);
const LONGEST_HOST = 261; // 255 of a name and `:65535`

/** The names people write for Docker Hub, none of which serves the API. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
const DOCKER_HUB_HOST = 'registry-1.docker.io';

/**
 * Reads `docker://host[:port]/name[:tag][@digest]`, and Docker's short names: without a host the
 * registry is Docker Hub, and a name of one part there is below `library/`. Undefined for any other scheme.
 */
export function parseImageName(text: string): ImageName | undefined {
  if (!text.startsWith(SCHEME)) return undefined;
  const [name = '', digest, ...surplus] = text.slice(SCHEME.length).split('@');
  if (surplus.length > 0 || (digest !== undefined && parseDigest(digest) === undefined)) {
    return undefined;
  }
  const { host, path } = splitHost(name);
  const colon = path.indexOf(':');
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) return undefined;
  const repository = fullRepository(host, colon === -1 ? path : path.slice(0, colon));
  if (!isHost(host) || !isRepository(repository)) return undefined;
  const registry = DOCKER_HUB.includes(host) ? DOCKER_HUB_HOST : host;
  return { registry, repository, reference: digest ?? tag };
}

/** As Docker tells a host from the first part of a name: it has a dot or a colon, or is `localhost`. */
function splitHost(name: string): { readonly host: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(0, slash)).toLowerCase();
  const isHostLike = first === 'localhost' || /[.:]/.test(first);
  return isHostLike
    ? { host: first, path: name.slice(slash + 1) }
    : { host: 'docker.io', path: name };
}

function fullRepository(host: string, repository: string): string {
  const isShort = DOCKER_HUB.includes(host) && !repository.includes('/');
  return isShort ? `library/${repository}` : repository;
}

function isHost(host: string): boolean {
  if (host.length > LONGEST_HOST) return false;
  const match = HOST.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}
