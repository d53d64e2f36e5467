// SPDX-License-Identifier: Apache-2.0
import { startServer } from '../http/node-server.ts';
import { requestLog } from '../http/request-log.ts';
import { type FrontState, type FrontStatePorts, openFrontState } from './front-state.ts';
import type { LoadedConfig } from './load-config.ts';

/** The front itself, listening: what every worker has one of. */
export interface FrontListener {
  readonly url: string;
  readonly state: FrontState;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

/** @throws ListenError, ConfigError */
export async function openFrontListener(
  loaded: LoadedConfig,
  ports: FrontStatePorts,
): Promise<FrontListener> {
  const { listen, log } = loaded.config;
  const state = await openFrontState(loaded, ports);
  const server = await startServer({
    ...ports,
    name: 'front',
    ...listen,
    limits: { keepAliveTimeout: listen.keepAlive },
    handler: state.handler,
    requestLog: requestLog('front', log.sample, ports.log),
  });
  return {
    url: server.url,
    state,
    async stop() {
      await server.drain(state.config().shutdown.grace);
      await state.close();
    },
    close: () => server.close(),
  };
}
