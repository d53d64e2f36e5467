// SPDX-License-Identifier: Apache-2.0
import { ACCEPT_MANIFESTS } from '../core/oci/media-type.ts';

/** Milliseconds. */
export interface ProbeClientLimits {
  readonly timeout: number;
  /** Connections kept to one backend. */
  readonly connections: number;
}

export interface ProbeClient {
  /** Rejects when there is no answer in time. A redirect is an answer like any other, and is not followed. */
  head(
    url: string,
    kind?: 'blob' | 'manifest',
  ): Promise<{ readonly status: number; readonly length: number | undefined }>;
  close(): Promise<void>;
}

/** Asks backends, whose addresses are configured: they may be private, and no credential is ever sent. */
export function probeClient({ timeout, connections }: ProbeClientLimits): ProbeClient {
  // Loaded with the first probe: the library takes longer to load than the rest of the front to start.
  let agent: Promise<Agent> | undefined;
  const open = async () => {
    const { Agent } = await import('undici');
    return new Agent({
      connections,
      connect: { timeout },
      headersTimeout: timeout,
      bodyTimeout: timeout,
    });
  };
  return {
    async head(url, kind = 'blob') {
      agent ??= open();
      const { origin, pathname } = new URL(url);
      // A timer that is taken back: those of AbortSignal.timeout stay in memory until they are over, which
      // under a flood of probes are more than everything else.
      const tooLong = new AbortController();
      const timer = setTimeout(() => tooLong.abort(), timeout);
      try {
        const { statusCode, headers, body } = await (await agent).request({
          origin,
          path: pathname,
          method: 'HEAD',
          headers: {
            accept: kind === 'manifest' ? ACCEPT_MANIFESTS : '*/*',
            'user-agent': 'archeion',
          },
          signal: tooLong.signal,
        });
        await body.dump();
        return { status: statusCode, length: lengthOf(headers['content-length']) };
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      await (await agent)?.destroy();
    },
  };
}

type Agent = import('undici').Agent;

function lengthOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
