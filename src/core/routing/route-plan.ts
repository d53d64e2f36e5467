// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { ErrorCode } from '../oci/registry-error.ts';
import type { Upstream } from './routing-table.ts';

export type RouteReason =
  /** The client's rule names no backend for it. */
  | 'no-backend'
  /** A backend is known, or has just said, to hold the blob. */
  | 'held'
  /** Every backend that was named lacks the blob, is not well, or did not answer in time. */
  | 'not-held'
  | 'manifest'
  /** Signatures and other referrers come from the canonical upstream. */
  | 'referrer'
  | 'list'
  | 'page';

/** Sends the client there. */
export interface Redirect {
  readonly kind: 'redirect';
  readonly to: string;
  /** The name of the backend or upstream; `page` for a page. */
  readonly by: string;
  readonly reason: RouteReason;
}

/** Fetches it for the client, who need not be able to reach that place, nor be let in there. */
export interface ProxyDelivery {
  readonly kind: 'proxy';
  readonly from: string;
  readonly by: string;
  readonly reason: RouteReason;
  readonly content: ProxiedContent;
  /** Where to fetch it when the first place lacks it, or fails before its first byte. */
  readonly otherwise?: ProxyDelivery;
}

export type ProxiedContent =
  | { readonly kind: 'blob'; readonly digest: Digest }
  | { readonly kind: 'manifest'; readonly reference: Reference }
  /** Tags or referrers that could not be had in a form that may be passed on. */
  | { readonly kind: 'list' };

export type Delivery = Redirect | ProxyDelivery;

/** Whom to ask whether it holds something: a backend a blob, an upstream a manifest. */
export interface Question {
  readonly kind: 'blob' | 'manifest';
  /** The name of the backend or upstream. */
  readonly holder: string;
  readonly digest: Digest;
  readonly url: string;
  /** What to answer when it does. */
  readonly found: Delivery;
}

/** Fetch a list for the client, under our name; in any doubt `otherwise`. */
export interface FetchList {
  readonly kind: 'fetch-list';
  readonly list: 'tags' | 'referrers';
  readonly upstream: Upstream;
  readonly repository: string;
  readonly path: string;
  readonly query: string;
  readonly otherwise: Delivery;
}

export interface Refusal {
  readonly kind: 'refuse';
  readonly code: ErrorCode;
  readonly message: string;
  readonly status: number;
  /** A page that says more. */
  readonly help?: string;
}

/** All that can be said of a request before anything is known of backends and upstreams. */
export type RoutePlan =
  | { readonly kind: 'accept' }
  /** The list of every host that a client may be sent to. */
  | { readonly kind: 'endpoints' }
  | Refusal
  | {
      readonly kind: 'open';
      /** Who may hold what was asked for, in order of preference. */
      readonly candidates: readonly Question[];
      /** What to do when none of them does: the first whose upstream is well, else the first. */
      readonly alternatives: readonly [Alternative, ...Alternative[]];
    };

export type Alternative = Delivery | FetchList;
