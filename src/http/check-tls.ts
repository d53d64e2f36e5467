// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { contextOptions, type TlsMaterial } from './tls-material.ts';

export interface CertificateFacts {
  readonly subject: string;
  /** When all certificates of the file are valid: milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export type TlsCheck =
  | { readonly ok: true; readonly facts: CertificateFacts }
  /** What is wrong with which of the two, never with a word of what is in them. */
  | { readonly ok: false; readonly part: 'certificate' | 'key'; readonly problem: string };

/** Whether a server could serve with this. One that is over can be served with: clients say so, louder than we could. */
export function checkTls(material: TlsMaterial): TlsCheck {
  const chain = parseChain(material.certificate);
  if (chain === undefined) return refused('certificate', 'holds a certificate that is damaged');
  const [own] = chain;
  if (own === undefined) return refused('certificate', 'holds no certificate in PEM');
  const key = parseKey(material.key);
  if (key === undefined) {
    return refused('key', 'holds no private key in PEM, or an encrypted one: decrypt it');
  }
  if (!own.checkPrivateKey(key)) {
    return refused('key', "does not belong to the first certificate, which has to be the server's");
  }
  const code = contextFault(material);
  if (code !== undefined) return refused('certificate', `is refused by OpenSSL with ${code}`);
  return { ok: true, facts: factsOf(own, chain) };
}

function refused(part: 'certificate' | 'key', problem: string): TlsCheck {
  return { ok: false, part, problem };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function parseChain(pem: string): X509Certificate[] | undefined {
  try {
    return (pem.match(PEM_CERTIFICATE) ?? []).map((text) => new X509Certificate(text));
  } catch {
    return undefined;
  }
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // its message may quote what it read
  }
}

/** What only OpenSSL knows, such as a key that is too short for its policy. */
function contextFault(material: TlsMaterial): string | undefined {
  // Here and not at the top: it takes ten milliseconds to load, and most fronts stand behind a balancer that speaks TLS.
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  try {
    createSecureContext(contextOptions(material));
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
  }
}

/** The first that is over breaks the chain, whichever it is. */
function factsOf(own: X509Certificate, chain: readonly X509Certificate[]): CertificateFacts {
  // New certificates may name their hosts in the extension alone.
  const subject = own.subject || own.subjectAltName || '';
  return {
    subject: subject.replaceAll('\n', ', '),
    notBefore: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    notAfter: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  };
}
