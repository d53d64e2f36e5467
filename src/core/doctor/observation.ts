// SPDX-License-Identifier: Apache-2.0
import type { BodyKind } from './refusal-body.ts';

/** What was seen on the way of a pull, as plain values: nothing here says yet whether it is well. */
export interface Observations {
  /** `host:port` of who was asked first: the image's registry, or who stands in for it. */
  readonly home: string;
  /** Asked as a mirror of another registry (`?ns=`). */
  readonly isMirror: boolean;
  /** In the order in which they came up. */
  readonly hosts: readonly HostSeen[];
  readonly requests: readonly RequestSeen[];
  /** A platform that was asked for and that the index does not list. */
  readonly absentPlatform?: string;
}

export type Family = 'ipv4' | 'ipv6';

/** A host that a request goes to, tried by itself: its name, its port, its certificate. */
export interface HostSeen {
  /** `host:port` as in a URL; the port is left out where it goes without saying. */
  readonly host: string;
  readonly families: readonly FamilySeen[];
}

/** `system` holds the codes of Node and of its TLS, as in `ENOTFOUND` and `CERT_HAS_EXPIRED`. */
export type FamilySeen = { readonly family: Family } & (
  | { readonly kind: 'no-address' }
  | { readonly kind: 'dns-failed'; readonly system: string }
  /** A private address of a host that the wire named: nothing was sent there. */
  | { readonly kind: 'private'; readonly address: string }
  | { readonly kind: 'connect-failed'; readonly address: string; readonly system: string }
  | {
      readonly kind: 'tls-failed';
      readonly address: string;
      readonly system: string;
      readonly certificate?: Certificate;
    }
  | {
      readonly kind: 'connected';
      readonly address: string;
      readonly milliseconds: number;
      /** Absent for plain HTTP. */
      readonly certificate?: Certificate;
    }
);

export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** As the certificate writes it. */
  readonly expires: string;
  /** Whole days until then, negative when it is over. */
  readonly daysLeft: number;
}

export type RequestKind = 'ping' | 'token' | 'manifest' | 'blob-head' | 'blob-bytes';

/** One request with every step of its way. */
export interface RequestSeen {
  readonly kind: RequestKind;
  /** The tag or digest asked for; of a ping and a token, nothing. */
  readonly reference: string;
  readonly hops: readonly HopSeen[];
  /** When the last hop was answered with content. */
  readonly content?: ContentSeen;
  /** When an anonymous token was sent, which some hop asked for. */
  readonly hadToken: boolean;
}

export interface HopSeen {
  /** Without its query, which can be a signature that lets anybody in. */
  readonly url: string;
  readonly host: string;
  /** Until the headers of the answer were there, or the failure. */
  readonly milliseconds: number;
  readonly outcome: Outcome;
}

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** `X-Archeion-Route`. */
      readonly route?: string;
      /** `Server-Timing`. */
      readonly timing?: string;
      /** Of an answer that is neither a redirect nor content. */
      readonly body?: BodyKind;
      /** The challenge of a 401 offers anonymous tokens, or some other way in. */
      readonly challenge?: 'bearer' | 'other' | 'none';
    }
  | { readonly kind: 'failed'; readonly failure: HopFailure; readonly system?: string };

export type HopFailure =
  | 'unreachable'
  | 'timeout'
  /** The answer, or its body, is no valid HTTP, or breaks off. */
  | 'bad-answer'
  | 'too-large'
  | 'private-host'
  /** A redirect without a usable address, with a credential in it, or from https to http. */
  | 'bad-redirect'
  | 'redirect-loop';

export interface ContentSeen {
  /** Digest asked for, or of the descriptor. */
  readonly digest?: string;
  /** `Docker-Content-Digest`. */
  readonly claimed?: string;
  /** Of the bytes, when all of them were read. */
  readonly hashed?: string;
  /** Of the descriptor, in bytes. */
  readonly size?: number;
  /** What the answer says the whole has: by Content-Range, else by Content-Length. */
  readonly announced?: number;
  readonly body: BodyKind;
  /** What is wrong with a manifest or a token. */
  readonly problem?: string;
}
