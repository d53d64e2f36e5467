// SPDX-License-Identifier: Apache-2.0

import { nextTarget, parseLinks } from '../oci/link-header.ts';
import { parseDocument } from '../oci/manifest-document.ts';
import { isRepository } from '../oci/repository.ts';
import { parseRequestTarget } from '../oci/request-target.ts';
import { localTarget } from './rewrite-list.ts';

export const CATALOG_PATH = '/v2/_catalog';

/**
 * The names on one page of a catalogue; undefined when it is none. `null` is an empty list at registries whose
 * language writes it so.
 * https://distribution.github.io/distribution/spec/api/#listing-repositories
 */
export function parseCatalogPage(text: string): readonly string[] | undefined {
  const document = parseDocument(text);
  if (typeof document === 'string') return undefined;
  const names = document['repositories'];
  if (names === null) return [];
  return Array.isArray(names) && names.every((name) => typeof name === 'string')
    ? names
    : undefined;
}

export type NextPage =
  | { readonly kind: 'none' }
  | { readonly kind: 'page'; readonly query: string }
  /** Where no page of this catalogue can be. */
  | { readonly kind: 'elsewhere' };

/** @param link all lines of `Link`, joined with commas */
export function nextCatalogPage(link: string, upstreamUrl: string): NextPage {
  const links = parseLinks(link);
  if (links === undefined) return { kind: 'elsewhere' };
  const target = nextTarget(links);
  if (target === undefined) return { kind: 'none' };
  const local = target.startsWith('?') ? CATALOG_PATH + target : localTarget(target, upstreamUrl);
  const parsed = local === undefined ? undefined : parseRequestTarget(local);
  if (parsed?.path !== CATALOG_PATH) return { kind: 'elsewhere' };
  return { kind: 'page', query: parsed.query };
}

export interface OwnNames {
  readonly own: readonly string[];
  /** Names outside the grammar, which no client can ask for. */
  readonly skipped: number;
}

/** The names below a prefix, without it: a registry may be shared with others, whose names are none of ours. */
export function namesBelow(prefix: string, names: readonly string[]): OwnNames {
  const below = names.filter((name) => name.startsWith(prefix));
  const own = below.map((name) => name.slice(prefix.length)).filter(isRepository);
  return { own, skipped: below.length - own.length };
}
