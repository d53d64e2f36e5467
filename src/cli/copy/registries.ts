// SPDX-License-Identifier: Apache-2.0
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, openLog } from '../../log.ts';
import type { CredentialProvider } from '../../upstream/credentials/credentials.ts';
import { openUpstream } from '../../upstream/http-client.ts';
import { openPush, type PushClient } from '../../upstream/push-client.ts';
import type { UpstreamClient } from '../../upstream/upstream-client.ts';
import type { CommandIo } from '../command.ts';
import { originOf } from '../registry/image-source.ts';
import type { CopyOptions } from './copy-options.ts';

/** A registry that is spoken to. */
export interface OpenRegistry {
  readonly client: UpstreamClient;
  /** Reads what is pushed to: of what is not there yet some registries tell nobody who may only pull. */
  readonly target: UpstreamClient;
  readonly push: PushClient;
}

export interface Registries {
  /** @param host `host` or `host:port` */
  at(host: string): Promise<OpenRegistry>;
  close(): Promise<void>;
}

interface RegistriesOptions extends Pick<CopyOptions, 'dockerConfig' | 'isPlain'> {
  readonly tokenHosts: readonly string[];
  readonly env: CommandIo['env'];
  readonly log: Log;
}

/** Does something with registries, and closes them. */
export async function withRegistries<T>(
  options: CopyOptions,
  { env, err }: CommandIo,
  work: (registries: Registries) => Promise<T>,
): Promise<T> {
  const registries = openRegistries({ ...options, env, log: openLog('error', err) });
  try {
    return await work(registries);
  } finally {
    await registries.close();
  }
}

const HUB = 'registry-1.docker.io';
/** Requests to one registry at once. */
const PER_HOST = 8;

/** Each registry is opened once, with what Docker's file says of it. */
function openRegistries(options: RegistriesOptions): Registries {
  const opened = new Map<string, Promise<OpenRegistry>>();
  return {
    at(host) {
      const one = opened.get(host) ?? openOne(host, options);
      opened.set(host, one);
      return one;
    },
    async close() {
      const all = await Promise.allSettled(opened.values());
      for (const one of all) {
        if (one.status === 'rejected') continue;
        const { client, target, push } = one.value;
        await Promise.all([client.close(), target.close(), push.close()]);
      }
    },
  };
}

async function openOne(host: string, options: RegistriesOptions): Promise<OpenRegistry> {
  const { isPlain, log } = options;
  const credentials = await credentialsOf(host, options);
  const upstream = {
    origin: isPlain ? `http://${host}` : originOf(host),
    tokenHosts: [...options.tokenHosts, ...(host === HUB ? ['auth.docker.io'] : [])],
    log,
    ...(credentials && { credentials }),
  };
  return {
    client: openUpstream({ ...upstream, perHost: PER_HOST }),
    target: openUpstream({ ...upstream, perHost: PER_HOST, actions: 'pull,push' }),
    push: openPush(upstream),
  };
}

async function credentialsOf(
  host: string,
  { dockerConfig, env }: RegistriesOptions,
): Promise<CredentialProvider | undefined> {
  const folder = env['DOCKER_CONFIG'] || join(env['HOME'] ?? '/', '.docker');
  const file = dockerConfig ?? join(folder, 'config.json');
  if (dockerConfig === undefined && !(await isThere(file))) return undefined;
  const { dockerCredentials } = await import('../../upstream/credentials/docker-credentials.ts');
  return dockerCredentials({ file, host, env, now: Date.now });
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
