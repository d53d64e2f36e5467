// SPDX-License-Identifier: Apache-2.0
import type { Address } from '../net/address.ts';
import type { CloudRegion } from '../net/cloud-region.ts';
import type { Prefix } from '../net/prefix.ts';
import type { BlobPath } from './blob-path.ts';
import type { KnownRepositories } from './known-repositories.ts';

/** A registry that is the source of truth. */
export interface Upstream {
  readonly name: string;
  /** Scheme and host, without a slash at the end. */
  readonly url: string;
  /** Put before every repository name; empty, or with a slash at the end. */
  readonly repositoryPrefix: string;
  readonly at?: CloudRegion;
  /** It serves nobody without credentials: whatever comes from it is fetched by the front. */
  readonly isProxied?: boolean;
  readonly leadsTo?: readonly string[];
}

/** A place that serves blobs near a region. */
export interface Backend {
  readonly name: string;
  /** With a slash at the end. */
  readonly url: string;
  readonly blobPath: BlobPath;
  readonly at?: CloudRegion;
  /** The address families its host answers on. */
  readonly families: ReadonlyArray<Address['kind']>;
  /** Hosts (`host` or `host:port`) that its answers redirect to in their turn. */
  readonly leadsTo?: readonly string[];
}

export type Candidate =
  | { readonly kind: 'same-region' }
  | { readonly kind: 'nearest' }
  | { readonly kind: 'upstream' }
  | { readonly kind: 'backend'; readonly name: string };

/** Everything given has to match; what is left out matches everybody. */
export interface ClientMatch {
  readonly clouds?: readonly string[];
  readonly regions?: readonly string[];
  readonly prefixes?: readonly Prefix[];
}

/** How a client gets what it asks for. */
export type DeliveryMode =
  | { readonly kind: 'redirect' }
  /** By the front, which fetches everything for it. */
  | { readonly kind: 'proxy' }
  /** Not at all; `help` is a page that says why. */
  | { readonly kind: 'deny'; readonly help?: string };

/** The first rule whose client matches says where blobs may come from, in order of preference, and how. */
export interface RoutingRule {
  readonly client: ClientMatch;
  readonly blobs: readonly Candidate[];
  /** Left out, by redirect. */
  readonly deliver?: DeliveryMode;
}

/** One generation's routing, as configured. */
export interface RoutingTable {
  /** Whether `/.well-known/archeion/endpoints.json` says where clients may be sent. */
  readonly publishesEndpoints?: boolean;
  readonly pages: { readonly root?: string; readonly privacy?: string };
  /** At least one; the first serves clients of whom nothing is known. */
  readonly upstreams: readonly [Upstream, ...Upstream[]];
  /** Where signatures and other referrers are asked for. */
  readonly canonicalUpstream?: Upstream;
  readonly backends: readonly Backend[];
  readonly rules: readonly RoutingRule[];
  /** Whether tags and referrers are fetched for the client or redirected like manifests. */
  readonly lists: { readonly tags: ListDelivery; readonly referrers: ListDelivery };
  /** Kilometres between two places; undefined when one of them is not on the map. */
  readonly distance: (from: CloudRegion, to: CloudRegion) => number | undefined;
  /** Any other repository is refused; absent when nobody says which there are. */
  readonly repositories?: KnownRepositories;
}

export type ListDelivery = 'fetch' | 'redirect';
