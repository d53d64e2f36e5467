// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { head, readToClose } from '../support/raw-http.ts';
import { type RunningFront, startFront } from '../support/running-command.ts';
import { certificateFor, connectTls, trusting } from '../support/tls-client.ts';

const OURS = certificateFor(90);
const CLIENT = trusting(OURS);
const PULL = head('GET /v2/a/manifests/v1 HTTP/1.1', 'Connection: close');

const FROM_IPV4 = 'main; reason=manifest; client=loopback/ipv4';
const FROM_IPV6 = 'main; reason=manifest; client=loopback/ipv6';

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);

/** What is said of a client by the address it calls. On a machine without IPv6 there is the half of IPv4 to expect. */
const EXPECTED: Readonly<Record<string, string>> = HAS_IPV6
  ? { '127.0.0.1': FROM_IPV4, '::1': FROM_IPV6, '::ffff:127.0.0.1': FROM_IPV4 }
  : { '127.0.0.1': FROM_IPV4 };

let folder = '';
let front: RunningFront | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archeion-dual-stack-'));
  await writeFile(join(folder, 'tls.crt'), OURS.cert);
  await writeFile(join(folder, 'tls.key'), OURS.key, { mode: 0o600 });
});
afterEach(async () => {
  await front?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Each loopback is a region. The sockets of this listener call an IPv4 peer `::ffff:127.0.0.1`. */
async function start(listen: string): Promise<number> {
  const file = join(folder, 'archeion.yaml');
  await writeFile(
    file,
    `listen: { port: 0, ${listen} }
admin: { port: 0 }
upstreams: [{ name: main, url: https://main.example }]
cloudRanges:
  static:
    - { prefix: 127.0.0.0/8, cloud: loopback, region: ipv4 }
    - { prefix: "::1/128", cloud: loopback, region: ipv6 }
shutdown: { grace: 50ms }
`,
  );
  front = await startFront(['--config', file]);
  return Number(new URL(front.url).port);
}

async function plainTo(host: string, port: number) {
  const socket = connect(port, host);
  await once(socket, 'connect');
  return socket;
}

const WAYS = [
  ['HTTP', '', plainTo],
  [
    'HTTPS',
    'tls: { certificate: tls.crt, key: tls.key }',
    (host: string, port: number) => connectTls(port, { ...CLIENT, host }),
  ],
] as const;

test.each(WAYS)(
  'one listener of %s is for both kinds of address, and finds the prefix of either',
  async (_, tls, open) => {
    const port = await start(tls);
    const routes: Record<string, string | undefined> = {};
    for (const host of Object.keys(EXPECTED)) {
      const socket = await open(host, port);
      socket.write(PULL);
      const { text } = await readToClose(socket);
      routes[host] = /^X-Archeion-Route: (.*)\r$/m.exec(text)?.[1];
    }
    expect(routes).toEqual(EXPECTED);
  },
);
