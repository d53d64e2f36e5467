// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { ListenTls } from './listen-tls.ts';
import { Duration } from './values.ts';

const Port = z.int().min(0).max(65535).describe('0 takes any that is free');
const Host = z
  .string()
  .min(1)
  .describe('the address to listen on; `::` is every one, IPv4 included');

/** Where clients are answered. */
export function listenSchema({ host, port }: { readonly host: string; readonly port: number }) {
  return z.strictObject({
    host: Host.default(host),
    port: Port.default(port),
    keepAlive: Duration.prefault('65s').describe(
      'how long an idle connection is kept: longer than the balancer in front keeps it',
    ),
    tls: ListenTls.optional().describe(
      'serves HTTPS; left out, plain HTTP for a balancer that speaks TLS',
    ),
  });
}

/** Where operators are. */
export function adminSchema({ port }: { readonly port: number }) {
  return z
    .strictObject({ host: Host.default('127.0.0.1'), port: Port.default(port) })
    .prefault({})
    .describe('for operators: /livez, /readyz and /metrics');
}
