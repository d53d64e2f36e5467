// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { type DigestIndexFile, readDigestIndex } from '../core/digest-index/digest-index-file.ts';

/** Appends the checksum of the content and, with a private key (Ed25519), the signature of that checksum. */
export function sealDigestIndex(content: Uint8Array, privateKey?: KeyObject): Uint8Array {
  const checksum = checksumOf(content);
  const signature = privateKey === undefined ? [] : [sign(null, checksum, privateKey)];
  return Buffer.concat([content, checksum, ...signature]);
}

function checksumOf(content: Uint8Array): Buffer {
  return hash('sha256', content, 'buffer');
}

/** What an index has to be to be believed. Times are milliseconds since 1970. */
export interface IndexExpectation {
  readonly backend: string;
  /** With or without a slash at its end. */
  readonly url: string;
  /** With a key, only what the other half of it signed is believed. */
  readonly publicKey?: KeyObject | undefined;
  readonly now: number;
  /** Whether the sizes of blobs are wanted. */
  readonly readsSizes?: boolean;
}

export type OpenedIndex =
  | { readonly ok: true; readonly file: DigestIndexFile }
  | { readonly ok: false; readonly problem: string };

/** How far the clock of whoever makes indexes may be ahead of ours. */
const CLOCK_SKEW = 300_000;

/** Reads an index and checks all of it: nothing of a file with one problem is believed. */
export function openDigestIndex(bytes: Uint8Array, expected: IndexExpectation): OpenedIndex {
  const read = readDigestIndex(bytes, expected.readsSizes);
  if (!read.ok) return read;
  const problem = problemOf(read.file, expected);
  return problem === undefined ? read : { ok: false, problem };
}

function problemOf(file: DigestIndexFile, expected: IndexExpectation): string | undefined {
  if (!isWhole(file)) return 'its checksum is not that of its content';
  return signatureProblem(file, expected.publicKey) ?? headerProblem(file.header, expected);
}

/** Whether the checksum is that of the content. */
export function isWhole({ content, checksum }: DigestIndexFile): boolean {
  return checksumOf(content).equals(checksum);
}

function signatureProblem(
  { checksum, signature }: DigestIndexFile,
  publicKey: KeyObject | undefined,
): string | undefined {
  if (publicKey === undefined) return undefined;
  if (signature === undefined) return 'it is not signed, and a public key is configured';
  if (verify(null, checksum, publicKey, signature)) return undefined;
  return 'its signature is not by the configured key';
}

function headerProblem(
  header: DigestIndexFile['header'],
  { backend, url, now }: IndexExpectation,
): string | undefined {
  const { createdAt, validUntil } = header;
  if (header.backend !== backend) return `it is of backend "${header.backend}", not "${backend}"`;
  if (withoutSlash(header.url) !== withoutSlash(url)) {
    return `it is of a backend at "${header.url}", not at "${url}"`;
  }
  if (createdAt > now + CLOCK_SKEW) return `it was made in the future, at ${timeText(createdAt)}`;
  return validUntil <= now ? `it was valid until ${timeText(validUntil)}` : undefined;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** Undefined for whatever is no Ed25519 key in PEM. Of a private key the public half is taken when that is wanted. */
export function parseKey(kind: 'public' | 'private', pem: string): KeyObject | undefined {
  try {
    const key = kind === 'public' ? createPublicKey(pem) : createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // no PEM, no key, or one behind a passphrase
  }
}

/** The furthest a Date goes is nearer than the furthest a header may say. */
export function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.valueOf()) ? `${milliseconds} ms after 1970` : date.toISOString();
}
