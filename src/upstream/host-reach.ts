// SPDX-License-Identifier: Apache-2.0
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { type PeerCertificate, connect as secure } from 'node:tls';
import type { Certificate, Family, FamilySeen } from '../core/doctor/observation.ts';
import { printable } from '../core/doctor/printable.ts';
import { isPublicAddress } from './public-address.ts';

export interface ReachTarget {
  readonly url: URL;
  readonly family: Family;
  /** Else a private address is reported, and nothing is sent there. */
  readonly mayBePrivate: boolean;
}

export interface ReachPorts {
  readonly lookup: LookupFunction;
  /** Milliseconds for a connection, and again for TLS over it. */
  readonly timeout: number;
  /** Milliseconds since 1970, for what is left of a certificate. */
  readonly now: () => number;
}

/** Looks a host up, connects to the first of its addresses, and reads its certificate. Nothing is asked of it. */
export async function reachHost(target: ReachTarget, ports: ReachPorts): Promise<FamilySeen> {
  const { url, family, mayBePrivate } = target;
  const found = await addressesOf(url, family, ports.lookup);
  if (typeof found === 'string') return { family, kind: 'dns-failed', system: found };
  const [address] = found;
  if (address === undefined) return { family, kind: 'no-address' };
  const secret = mayBePrivate ? undefined : found.find((one) => !isPublicAddress(one));
  if (secret !== undefined) return { family, kind: 'private', address: secret };
  const start = performance.now();
  const socket = await connected({ address, port: portOf(url) }, ports.timeout);
  if (typeof socket === 'string') {
    return { family, kind: 'connect-failed', address, system: socket };
  }
  try {
    const milliseconds = Math.round(performance.now() - start);
    if (url.protocol === 'http:') return { family, kind: 'connected', address, milliseconds };
    const { system, certificate } = await handshake(socket, hostOf(url), ports);
    const shown = certificate === undefined ? {} : { certificate };
    return system === undefined
      ? { family, kind: 'connected', address, milliseconds, ...shown }
      : { family, kind: 'tls-failed', address, system, ...shown };
  } finally {
    socket.destroy();
  }
}

/** A name that has no address of the family is no failure of the resolver. */
const ABSENT = ['ENOTFOUND', 'ENODATA'];

function addressesOf(
  url: URL,
  family: Family,
  lookup: LookupFunction,
): Promise<readonly string[] | string> {
  const host = hostOf(url);
  const number = family === 'ipv4' ? 4 : 6;
  if (isIP(host) !== 0) return Promise.resolve(isIP(host) === number ? [host] : []);
  return new Promise((resolve) => {
    lookup(host, { family: number, all: true }, (error, found) => {
      if (error !== null) resolve(ABSENT.includes(codeOf(error)) ? [] : codeOf(error));
      else resolve(Array.isArray(found) ? found.map(({ address }) => address) : [found]);
    });
  });
}

/** The socket, or the system's code for why there is none. */
function connected(
  to: { readonly address: string; readonly port: number },
  timeout: number,
): Promise<Socket | string> {
  const socket = connect({ host: to.address, port: to.port });
  return new Promise((resolve) => {
    const fail = (code: string) => {
      socket.destroy();
      resolve(code);
    };
    socket.setTimeout(timeout, () => fail('ETIMEDOUT'));
    // Stays: an error after the connection must not end the process either.
    socket.on('error', (error) => fail(codeOf(error)));
    socket.once('connect', () => resolve(socket));
  });
}

interface Handshake {
  readonly system?: string;
  readonly certificate?: Certificate;
}

/** A certificate that is no good is what we want to see, so it ends the handshake only after it was read. */
function handshake(socket: Socket, host: string, ports: ReachPorts): Promise<Handshake> {
  return new Promise((resolve) => {
    const server = isIP(host) === 0 ? { servername: host } : {};
    const tls = secure({ socket, host, ...server, rejectUnauthorized: false });
    socket.setTimeout(ports.timeout, () => resolve({ system: 'ETIMEDOUT' }));
    socket.once('close', () => resolve({ system: 'ECONNRESET' }));
    tls.on('error', (error) => resolve({ system: codeOf(error) }));
    tls.once('secureConnect', () => {
      const certificate = shownCertificate(tls.getPeerCertificate(), ports.now());
      // Typed as an error, and a code in fact.
      const system = tls.authorized ? {} : { system: String(tls.authorizationError) };
      resolve({ certificate, ...system });
    });
  });
}

const DAY = 86_400_000;

function shownCertificate(certificate: PeerCertificate, now: number): Certificate {
  const { subject, issuer, valid_to: expires } = certificate;
  return {
    subject: shown(subject.CN),
    issuer: shown([issuer.O, issuer.CN].flat().filter(Boolean).join(' ')),
    expires: shown(expires),
    daysLeft: Math.floor((Date.parse(expires) - now) / DAY),
  };
}

function shown(text: string | string[] | undefined): string {
  return printable([text ?? []].flat().join(' '), 100);
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
