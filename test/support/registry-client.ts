// SPDX-License-Identifier: Apache-2.0
import { silentLog } from '../../src/log.ts';
import type { Handler } from '../../src/protocol/http.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import type { RegistryPorts } from '../../src/registry/registry-ports.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { memoryDriver } from '../../src/storage/memory/memory.ts';
import { errorAnswerOf } from './registry-refusals.ts';
import { ask, type ReceivedAnswer, requestWith, someRequest } from './registry-requests.ts';

export interface Asked {
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Somebody who talks to a registry, and sees refusals as answers. */
export interface RegistryClient {
  readonly storage: StorageDriver;
  readonly handler: Handler;
  /** @param path below `/v2/`, or a Location */
  ask(method: string, path: string, asked?: Asked): Promise<ReceivedAnswer>;
  /** Begins an upload, and says where it goes on. */
  start(repository: string, query?: string): Promise<string>;
  /** A blob in one request. */
  push(repository: string, content: string): Promise<ReceivedAnswer>;
}

export interface ClientPorts extends RegistryPorts {
  /** What stands between the client and the registry. */
  readonly around: (handler: Handler) => Handler;
}

export function registryClient(given: Partial<ClientPorts> = {}): RegistryClient {
  const { around = (handler) => handler, ...ports } = given;
  const storage = ports.storage ?? memoryDriver();
  const handler = around(registryHandler({ log: silentLog, ...ports, storage }));
  const send = async (method: string, path: string, { body = '', headers }: Asked = {}) => {
    const target = path.startsWith('/') ? path : `/v2/${path}`;
    const request = requestWith(body, someRequest(target, headers, method));
    return ask(handler, request).catch(errorAnswerOf);
  };
  return {
    storage,
    handler,
    ask: send,
    async start(repository, query = '') {
      const { headers } = await send('POST', `${repository}/blobs/uploads/${query}`);
      return headers['location'] ?? '';
    },
    push: (repository, content) =>
      send('POST', `${repository}/blobs/uploads/?digest=${digestOf(content)}`, { body: content }),
  };
}
