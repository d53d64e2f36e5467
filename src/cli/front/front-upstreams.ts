// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../../config/schema.ts';
import { ACCEPT_MANIFESTS } from '../../core/oci/media-type.ts';
import type { Log } from '../../log.ts';
import type { HeadAnswer, ProberPorts } from '../../redirector/prober.ts';
import type { CredentialProvider } from '../../upstream/credentials/credentials.ts';
import type { UpstreamClient } from '../../upstream/upstream-client.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface FrontUpstreams {
  /** The client with the credentials of that upstream; for a backend one without any. */
  clientOf(holder: string): Promise<UpstreamClient>;
  /** Asks upstreams that take credentials with those, and everybody else as `head` does. */
  askedBy(head: ProberPorts['head']): ProberPorts['head'];
  close(): Promise<void>;
}

export interface FrontUpstreamPorts {
  readonly credentials: UpstreamCredentials;
  readonly log: Log;
}

/** A client is waiting for each of them: what fails twice is better answered than tried again. */
const PATIENCE = { retries: 1, backoff: 100 };

/** One client for each upstream and backend of the configuration, opened when the first of its clients comes. */
export function openUpstreams(config: Config, ports: FrontUpstreamPorts): FrontUpstreams {
  const holders = new Map([...config.upstreams, ...config.backends].map((one) => [one.name, one]));
  const open = new Map<string, Promise<UpstreamClient>>();
  const clientOf = (name: string) => {
    const known = open.get(name) ?? openClient(name);
    open.set(name, known);
    return known;
  };
  async function openClient(name: string): Promise<UpstreamClient> {
    const holder = holders.get(name);
    if (holder === undefined) throw new Error(`nothing is configured under "${name}"`);
    const { openUpstream } = await import('../../upstream/http-client.ts');
    const upstream = config.upstreams.find((one) => one.name === name);
    const credentials = ports.credentials.get(name);
    return openUpstream({
      origin: holder.url,
      tokenHosts: upstream?.credentials?.tokenHosts ?? [],
      limits: { ...PATIENCE, connections: config.maxConcurrentProxied },
      log: ports.log,
      ...(credentials && { credentials: orNone(name, credentials, ports.log) }),
    });
  }
  return {
    clientOf,
    askedBy: (head) => {
      const own = config.upstreams.filter(({ name }) => ports.credentials.has(name));
      return (url, kind) => {
        const upstream = own.find((one) => url.startsWith(`${one.url}/`));
        if (upstream === undefined) return head(url, kind);
        return clientOf(upstream.name).then((client) => headWith(client, url));
      };
    },
    async close() {
      const clients = await Promise.all(open.values());
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** Without a password the upstream refuses, and that it did is the better message for a client. */
function orNone(name: string, read: CredentialProvider, log: Log): CredentialProvider {
  return async () => {
    try {
      return await read();
    } catch (error) {
      log.error('credentials-unreadable', error, { upstream: name });
      return undefined;
    }
  };
}

async function headWith(client: UpstreamClient, url: string): Promise<HeadAnswer> {
  const answer = await client.head(new URL(url).pathname, { accept: ACCEPT_MANIFESTS });
  if (answer === undefined) return { status: 404, length: undefined };
  const length = answer.header('content-length');
  return { status: 200, length: length === undefined ? undefined : Number(length) };
}
