// SPDX-License-Identifier: Apache-2.0
import { type Address, parseAddress } from './address.ts';
import { type Entries, entriesFromRight } from './forwarded-entries.ts';
import { parseForwardedElement, parseNode } from './forwarded-node.ts';
import { type Prefix, prefixContains } from './prefix.ts';

/**
 * The name, in lower case, of the header in which proxies say for whom they ask: `x-forwarded-for`,
 * `forwarded` (RFC 7239), or any other, which then holds one address, such as `cf-connecting-ip`.
 */
export type ForwardHeader = string;

/** Whom to believe about who is asking. */
export type ClientAddressPolicy =
  /** So many proxies of ours stand in front; none: the peer is the client. */
  | { readonly kind: 'hops'; readonly header: ForwardHeader; readonly hops: number }
  /** Whoever calls from one of these prefixes is a proxy of ours. */
  | {
      readonly kind: 'proxies';
      readonly header: ForwardHeader;
      readonly proxies: readonly Prefix[];
    }
  /** As archeio reads `X-Forwarded-For` behind Google's balancer, and without one. */
  | { readonly kind: 'archeio' };

/** More proxies than any chain has: a longer walk would be through what a client made up. */
const MOST_PROXIES = 64;

/** The header that a policy reads; undefined when it reads none. */
export function headerOfPolicy(policy: ClientAddressPolicy): ForwardHeader | undefined {
  switch (policy.kind) {
    case 'hops':
      return policy.hops === 0 ? undefined : policy.header;
    case 'proxies':
      return policy.header;
    case 'archeio':
      return 'x-forwarded-for';
  }
}

/**
 * The address a request came from, as far as it can be believed. `peer` is the other end of the
 * connection, `header` all lines of {@link headerOfPolicy}, joined with commas.
 *
 * Every proxy appends the address that called it, so entries count from the right and the client writes
 * only what lies left of them. Where proxies are expected and their header does not say enough, the
 * client is unknown: undefined, and never the peer, which would be the balancer in a cloud of its own.
 */
export function clientAddress(
  policy: ClientAddressPolicy,
  peer: string,
  header: string | undefined,
): Address | undefined {
  switch (policy.kind) {
    case 'hops':
      if (policy.hops === 0) return parseAddress(peer);
      return trustedAddress(policy.header, header, (chain) => entryAtHop(chain, policy.hops));
    case 'proxies': {
      const caller = parseAddress(peer);
      if (caller === undefined || !isWithin(policy.proxies, caller)) return caller;
      return trustedAddress(policy.header, header, (chain) => firstStranger(chain, policy.proxies));
    }
    case 'archeio':
      return addressForArcheio(peer, header);
  }
}

/** The entries of a header from the right, and how to read one. */
interface Chain {
  readonly next: Entries;
  readonly read: (entry: string) => Address | undefined;
}

function trustedAddress(
  header: ForwardHeader,
  text: string | undefined,
  pick: (chain: Chain) => Address | undefined,
): Address | undefined {
  if (text === undefined) return undefined;
  switch (header) {
    case 'x-forwarded-for':
      return pick({ next: entriesFromRight(text, 'plain'), read: parseNode });
    case 'forwarded':
      return pick({ next: entriesFromRight(text, 'quoted'), read: parseForwardedElement });
    default:
      return parseNode(text.trim());
  }
}

function entryAtHop({ next, read }: Chain, hops: number): Address | undefined {
  for (let hop = 1; hop < hops; hop++) next();
  return read(next() ?? '');
}

/**
 * The first from the right that is no proxy. When all are, the leftmost: it asked on its own behalf,
 * as clients inside a trusted network do.
 */
function firstStranger({ next, read }: Chain, proxies: readonly Prefix[]): Address | undefined {
  let client: Address | undefined;
  for (let proxy = 0; proxy < MOST_PROXIES; proxy++) {
    const entry = next();
    if (entry === undefined) return client;
    client = read(entry);
    if (client === undefined || !isWithin(proxies, client)) return client;
  }
  return undefined;
}

function isWithin(prefixes: readonly Prefix[], address: Address): boolean {
  return prefixes.some((prefix) => prefixContains(prefix, address));
}

/** No header: the peer. One entry: that. More: the second from the right, as Google's balancer appends two. */
function addressForArcheio(peer: string, header: string | undefined): Address | undefined {
  if (header === undefined || header === '') return parseAddress(peer);
  const hops = header.includes(',') ? 2 : 1;
  return trustedAddress('x-forwarded-for', header, (chain) => entryAtHop(chain, hops));
}
