// SPDX-License-Identifier: Apache-2.0
import type { ConfigDocument } from '../../config/schema.ts';

/** Where each service of `archeion dev` listens: five ports in a row, on loopback. */
export interface DevPorts {
  readonly front: number;
  readonly admin: number;
  readonly registry: number;
  readonly dublin: number;
  readonly iowa: number;
}

/** From a base of 0 on, every one is any that is free. */
export function devPorts(base: number): DevPorts {
  const port = (step: number) => (base === 0 ? 0 : base + step);
  return { front: port(0), admin: port(1), registry: port(2), dublin: port(3), iowa: port(4) };
}

/**
 * A configuration as a real one would be, on documentation prefixes (RFC 5737, RFC 3849): no feed is
 * fetched, and loopback counts as a proxy, so that one machine can ask as clients from anywhere.
 */
export function devDocument(ports: DevPorts): ConfigDocument {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const ireland = { cloud: 'aws', region: 'eu-west-1' };
  const iowa = { cloud: 'gcp', region: 'us-central1' };
  return {
    listen: { host: '127.0.0.1', port: ports.front },
    admin: { host: '127.0.0.1', port: ports.admin },
    clientAddress: { trustedProxies: ['127.0.0.0/8', '::1/128'] },
    upstreams: [{ name: 'registry', url: url(ports.registry) }],
    backends: [
      { name: 'dublin', url: url(ports.dublin), index: true, at: ireland },
      { name: 'iowa', url: url(ports.iowa), index: true, at: iowa },
    ],
    routing: [
      { client: { cloud: ['aws', 'gcp'] }, blobs: ['same-region', 'nearest'] },
      { blobs: ['upstream'] },
    ],
    cloudRanges: {
      static: [
        { prefix: '192.0.2.0/24', ...ireland },
        { prefix: '2001:db8:1::/48', ...ireland },
        { prefix: '198.51.100.0/24', ...iowa },
        { prefix: '2001:db8:2::/48', ...iowa },
      ],
    },
    log: { level: 'info', sample: 1 },
    shutdown: { grace: '5s' },
  };
}
