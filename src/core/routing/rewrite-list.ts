// SPDX-License-Identifier: Apache-2.0
import { isObject, type JsonObject } from '../oci/json-object.ts';
import { formatLinks, type Link, parseLinks } from '../oci/link-header.ts';
import { parseRegistryRoute, type RegistryRoute } from '../oci/registry-route.ts';
import { parseRequestTarget } from '../oci/request-target.ts';
import { stringsAt } from './json-strings.ts';

/** A list as its upstream knows it and as our clients do. */
export interface ListNames {
  /** Scheme and host, without a slash at the end. */
  readonly upstreamUrl: string;
  readonly upstreamRepository: string;
  readonly repository: string;
  /** What follows the repository: `tags/list`, `referrers/<digest>`. */
  readonly path: string;
}

/**
 * A `Link` header whose targets lead to us: clients resolve a target against the host they asked, so one that
 * names the upstream's repository would lead nowhere. Undefined when a target is anything but another
 * page of this list, because where it leads is then not ours to say.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function rewriteLinks(header: string, names: ListNames): string | undefined {
  const links = parseLinks(header);
  if (links === undefined) return undefined;
  const rewritten: Link[] = [];
  for (const { target, parameters } of links) {
    const query = queryOfPage(target, names);
    if (query === undefined) return undefined;
    rewritten.push({ target: `/v2/${names.repository}/${names.path}${query}`, parameters });
  }
  return formatLinks(rewritten);
}

/** The query of a target that is this list at this upstream, in whichever form of reference. */
export function queryOfPage(
  target: string,
  names: Omit<ListNames, 'repository'>,
): string | undefined {
  const { upstreamUrl, upstreamRepository, path } = names;
  const own = `/v2/${upstreamRepository}/${path}`;
  const local = target.startsWith('?') ? own + target : localTarget(target, upstreamUrl);
  const parsed = local === undefined ? undefined : parseRequestTarget(local);
  if (parsed === undefined) return undefined;
  // Compared as routes, because a path may be encoded in more than one way.
  const isSame = isSameList(parseRegistryRoute(parsed.path), parseRegistryRoute(own));
  return isSame ? parsed.query : undefined;
}

/** The path and query of a reference to this upstream, in whichever form; undefined when it leads elsewhere. */
export function localTarget(target: string, upstreamUrl: string): string | undefined {
  if (target.startsWith(`${upstreamUrl}/`)) return target.slice(upstreamUrl.length);
  // Two slashes begin a host, RFC 3986 section 4.2.
  return target.startsWith('/') && !target.startsWith('//') ? target : undefined;
}

function isSameList(one: RegistryRoute, other: RegistryRoute): boolean {
  if (one.kind === 'tags' && other.kind === 'tags') return one.repository === other.repository;
  if (one.kind !== 'referrers' || other.kind !== 'referrers') return false;
  return one.repository === other.repository && one.digest === other.digest;
}

/**
 * A tags list under another name. Only the name's own characters are replaced, so that whatever else
 * the upstream says arrives as it was sent: numbers too large for us, members called `__proto__`, any depth.
 * Undefined for what is no tags list.
 */
export function rewriteTags(text: string, repository: string): string | undefined {
  if (!isTagsList(parseObject(text))) return undefined;
  let rewritten = '';
  let behind = 0;
  for (const { start, end } of stringsAt(text, 'name')) {
    rewritten += text.slice(behind, start) + JSON.stringify(repository);
    behind = end;
  }
  return rewritten + text.slice(behind);
}

/** `tags` is null at registries whose language writes an empty list so. */
function isTagsList(document: JsonObject | undefined): boolean {
  if (typeof document?.['name'] !== 'string') return false;
  const tags = document['tags'];
  return tags === null || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'));
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // no JSON
  }
}
