// SPDX-License-Identifier: Apache-2.0
import { parseImageName } from '../../core/oci/image-name.ts';
import { isTag, parseReference } from '../../core/oci/reference.ts';
import { isRepository } from '../../core/oci/repository.ts';
import { UsageError } from '../command.ts';

/** What a command line says of where images are, or go. */
export type ImagePlace = RegistryPlace | FilePlace;

export interface RegistryPlace {
  readonly kind: 'registry';
  /** As it was written. */
  readonly text: string;
  /** `host` or `host:port`. */
  readonly host: string;
  /** Of what ends in a slash, what names of repositories begin with; empty or ending in a slash. */
  readonly prefix: string | undefined;
  /** Empty where there is a prefix. */
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string | undefined;
}

export interface FilePlace {
  /** The folder of a layout, or the tar of one. */
  readonly kind: 'layout' | 'archive';
  readonly text: string;
  readonly path: string;
  /** A tag, a digest, or `repository:tag` where there are several repositories. */
  readonly reference: string | undefined;
}

const FORMS =
  'docker://HOST/NAME[:TAG|@DIGEST], oci:FOLDER[:TAG|@DIGEST] or oci-archive:FILE[:TAG|@DIGEST]';

/** @throws UsageError */
export function parseImagePlace(text: string): ImagePlace {
  const place = text.startsWith('docker://') ? parseRegistry(text) : parseFile(text);
  if (place !== undefined) return place;
  throw new UsageError(`"${text}" is no place of images: expected ${FORMS}`);
}

function parseRegistry(text: string): RegistryPlace | undefined {
  const isPrefix = /[^/]\/$/.test(text);
  const image = parseImageName(isPrefix ? `${text}x` : text);
  if (image === undefined) return undefined;
  const { registry: host, repository, reference } = image;
  if (!isPrefix) return { kind: 'registry', text, host, prefix: undefined, repository, reference };
  // Docker Hub has names of its own for what has one part.
  const prefix = repository.slice(0, -1).replace(/^library\/$/, '');
  return { kind: 'registry', text, host, prefix, repository: '', reference: undefined };
}

/** As others tell a path from what is behind it: at the first colon that has a name behind it. */
const NAMED = /^([^:].*?):((?:[a-z0-9][a-z0-9._/-]*:)?[A-Za-z0-9_][A-Za-z0-9._-]*)$/;

function isName(text = ''): boolean {
  const colon = text.indexOf(':');
  return isTag(text.slice(colon + 1)) && (colon === -1 || isRepository(text.slice(0, colon)));
}

function parseFile(text: string): FilePlace | undefined {
  const [, scheme, rest = ''] = /^(oci|oci-archive):(.+)$/.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const kind = scheme === 'oci' ? 'layout' : 'archive';
  const at = rest.lastIndexOf('@');
  const digest = rest.slice(at + 1);
  if (at > 0 && !isTag(digest) && parseReference(digest) !== undefined) {
    return { kind, text, path: rest.slice(0, at), reference: digest };
  }
  const [, path, name] = NAMED.exec(rest) ?? [];
  return path === undefined || !isName(name)
    ? { kind, text, path: rest, reference: undefined }
    : { kind, text, path, reference: name };
}
