// SPDX-License-Identifier: Apache-2.0
import { adminHandler } from '../http/admin-handler.ts';
import { startServer } from '../http/node-server.ts';
import { requestLog } from '../http/request-log.ts';
import type { Log } from '../log.ts';
import { observeProcess } from '../metrics/process-metrics.ts';
import { openMetrics } from '../metrics.ts';
import { explainHandler } from '../redirector/explain-handler.ts';
import { keepCertificateFresh } from './certificate-in-front.ts';
import { openFreshState } from './fresh-state.ts';
import { readCertificate } from './front-certificate.ts';
import type { LoadedConfig } from './load-config.ts';

/** The front and its admin listener, running. */
export interface Front {
  readonly url: string;
  readonly adminUrl: string;
  /** @throws ConfigError when the configuration cannot be used; the old one then stays. */
  reload(next: LoadedConfig): Promise<void>;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
}

/**
 * @throws ConfigError when the configuration cannot be used
 * @throws ListenError
 */
export async function openFront(loaded: LoadedConfig, log: Log): Promise<Front> {
  const { config } = loaded;
  const certificate = readCertificate(loaded);
  const metrics = openMetrics();
  observeProcess(metrics);
  const { state, reload, end, close } = await openFreshState(loaded, { log, metrics });
  let isDraining = false;
  const front = await orClose({ close }, () =>
    startServer({
      name: 'front',
      ...config.listen,
      tls: certificate?.material,
      limits: { keepAliveTimeout: config.listen.keepAlive },
      handler: state.handler,
      log,
      metrics,
      requestLog: requestLog('front', config.log.sample, log),
    }),
  );
  const closeAll = () => Promise.all([front.close(), close()]);
  const admin = await orClose({ close: closeAll }, () =>
    startServer({
      name: 'admin',
      ...config.admin,
      handler: adminHandler({
        metrics,
        ready: () => (isDraining ? ['draining'] : []),
        otherwise: explainHandler(state.explain),
      }),
      log,
      metrics,
    }),
  );
  const tls =
    certificate &&
    keepCertificateFresh(loaded, certificate, { front, log, metrics, now: Date.now });
  return {
    url: front.url,
    adminUrl: admin.url,
    async reload(next) {
      tls?.check(next);
      await reload(next);
      tls?.follow(next);
    },
    async stop() {
      isDraining = true;
      end();
      tls?.close();
      await front.drain(state.config().shutdown.grace);
      await Promise.all([admin.close(), close()]);
    },
  };
}

/** A listener or a connection that stays open keeps a process alive that has nothing left to do. */
async function orClose<Result>(
  opened: { close(): Promise<unknown> },
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
