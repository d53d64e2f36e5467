// SPDX-License-Identifier: Apache-2.0
import { afterEach } from 'vitest';
import { openUpstream } from '../../src/upstream/http-client.ts';
import type { UpstreamClient, UpstreamOptions } from '../../src/upstream/upstream-client.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';

/** What the credentials of {@link upstreamBench} look like on the wire. */
export const BASIC = `Basic ${Buffer.from('robot:hunter2').toString('base64')}`;

/** Servers and clients that are stopped after each test. */
export function upstreamBench() {
  const opened: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const stop of opened.splice(0)) await stop();
  });
  return {
    async start(...answer: Parameters<typeof startFakeUpstream>): Promise<FakeUpstream> {
      const server = await startFakeUpstream(...answer);
      opened.push(server.stop);
      return server;
    },
    /** A client with credentials that hardly waits before it tries again. */
    connect(origin: string, options: Partial<UpstreamOptions> = {}): UpstreamClient {
      const credentials = async () => ({ username: 'robot', password: 'hunter2' });
      const limits = { backoff: 1, ...options.limits };
      const client = openUpstream({ origin, credentials, ...options, limits });
      opened.push(() => client.close());
      return client;
    },
  };
}

/** The credentials of each request, in order. */
export function authorizations({ requests }: FakeUpstream): Array<string | undefined> {
  return requests.map(({ authorization }) => authorization);
}
