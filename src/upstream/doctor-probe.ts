// SPDX-License-Identifier: Apache-2.0
import { lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Family, FamilySeen } from '../core/doctor/observation.ts';
import { reachHost } from './host-reach.ts';
import { openTransport, type Transport, type TransportLimits } from './transport.ts';

export interface DoctorProbe {
  /** Tries a host in every family at once, and sends it nothing. */
  readonly reach: (url: URL) => Promise<readonly FamilySeen[]>;
  readonly transport: Transport;
}

export interface DoctorProbeOptions {
  /** Who is asked first: the user named it, so it may be private. */
  readonly origin: URL;
  /** So may be every host that it leads to. */
  readonly allowsPrivate: boolean;
  readonly families: readonly Family[];
  readonly limits?: Partial<TransportLimits>;
  readonly lookup?: LookupFunction;
}

/** Milliseconds: longer than a healthy registry takes, shorter than people wait. */
const LIMITS: TransportLimits = { connect: 5_000, headers: 15_000, idle: 15_000, connections: 4 };

export function openDoctorProbe(options: DoctorProbeOptions): DoctorProbe {
  const { origin, allowsPrivate, families } = options;
  const lookup = options.lookup ?? resolve;
  const limits = { ...LIMITS, ...options.limits };
  const isConfigured = (url: URL) => allowsPrivate || url.origin === origin.origin;
  const ports = { lookup, timeout: limits.connect, now: Date.now };
  return {
    async reach(url) {
      // Loaded here already, so that loading it does not count as time of the first answer.
      await import('undici');
      const mayBePrivate = isConfigured(url);
      return Promise.all(families.map((family) => reachHost({ url, family, mayBePrivate }, ports)));
    },
    transport: openTransport({ limits, isConfigured, lookup: lookupIn(families, lookup) }),
  };
}

/** Requests go over the families that were asked for, and no other. */
function lookupIn(families: readonly Family[], lookup: LookupFunction): LookupFunction {
  if (families.length > 1) return lookup;
  const family = families[0] === 'ipv6' ? 6 : 4;
  return (host, options, callback) => lookup(host, { ...options, family }, callback);
}
