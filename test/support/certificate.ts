// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from 'node:crypto';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  readonly host: string;
  /** The host, unless a client is to trust several: it looks for whom to trust by this name. Empty for none. */
  readonly subject?: string;
  /** P-256, unless it is to be one that nobody should use. */
  readonly curve?: string;
  readonly validFrom: Date;
  readonly validTo: Date;
}

const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const SUBJECT_ALT_NAME = '0603551d11';

/**
 * A certificate that signs itself, made anew so that no key lies in the repository and any date can be had.
 * https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function selfSigned(wish: CertificateWish): TestCertificate {
  const { host, subject = host, curve = 'P-256', validFrom, validTo } = wish;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const algorithm = der(0x30, hex(ECDSA_WITH_SHA256));
  const commonName = der(0x31, der(0x30, hex(COMMON_NAME), der(0x0c, Buffer.from(subject))));
  const name = der(0x30, ...(subject === '' ? [] : [commonName]));
  const names = der(0x30, der(0x82, Buffer.from(host)));
  const extension = der(0x30, hex(SUBJECT_ALT_NAME), der(0x04, names));
  const toBeSigned = der(
    0x30,
    der(0xa0, hex('020102')), // version 3
    hex('020101'), // serial number 1
    algorithm,
    name,
    der(0x30, time(validFrom), time(validTo)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension)),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', toBeSigned, privateKey));
  return {
    cert: pem(der(0x30, toBeSigned, algorithm, signature)),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  return Buffer.concat([Buffer.of(tag), derLength(length), body]);
}

/** In as few bytes as it takes: Go refuses a certificate with more. */
function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** GeneralizedTime, in UTC. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return der(0x18, Buffer.from(digits));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
