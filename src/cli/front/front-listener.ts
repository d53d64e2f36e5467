// SPDX-License-Identifier: Apache-2.0
import { type RunningServer, startServer } from '../../http/node-server.ts';
import { requestLog } from '../../http/request-log.ts';
import type { LoadedConfig } from '../load-config.ts';
import { orClose } from '../or-close.ts';
import { type FreshCertificate, keepCertificateFresh } from './certificate-in-front.ts';
import { type FreshState, type FreshStatePorts, openFreshState } from './fresh-state.ts';
import { type FrontCertificate, readCertificate } from './front-certificate.ts';
import type { FrontReplacement } from './front-replacement.ts';
import type { FrontState } from './front-state.ts';

/** The front itself, listening: what every worker has one of. */
export interface FrontListener extends FrontReplacement {
  readonly url: string;
  readonly explain: FrontState['explain'];
  readonly refreshIndexes: FrontState['refreshIndexes'];
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
  /** Closes at once. */
  close(): Promise<void>;
}

/** @throws ListenError, ConfigError */
export async function openFrontListener(
  loaded: LoadedConfig,
  ports: FreshStatePorts,
): Promise<FrontListener> {
  const certificate = readCertificate(loaded);
  const fresh = await openFreshState(loaded, ports);
  const server = await orClose(fresh, () => startFront(loaded, { ...ports, fresh, certificate }));
  const tls =
    certificate &&
    keepCertificateFresh(loaded, certificate, { ...ports, front: server, now: Date.now });
  const end = () => {
    fresh.end();
    tls?.close();
  };
  return {
    url: server.url,
    explain: fresh.state.explain,
    refreshIndexes: fresh.state.refreshIndexes,
    ...replacementWith(fresh, tls),
    async stop() {
      end();
      await server.drain(fresh.state.config().shutdown.grace);
      await fresh.close();
    },
    async close() {
      end();
      await Promise.all([server.close(), fresh.close()]);
    },
  };
}

interface FrontParts extends FreshStatePorts {
  readonly fresh: FreshState;
  readonly certificate: FrontCertificate | undefined;
}

function startFront(
  { config }: LoadedConfig,
  { fresh, certificate, log, metrics }: FrontParts,
): Promise<RunningServer> {
  return startServer({
    name: 'front',
    ...config.listen,
    tls: certificate?.material,
    limits: { keepAliveTimeout: config.listen.keepAlive },
    handler: fresh.state.handler,
    log,
    metrics,
    requestLog: requestLog('front', config.log.sample, log),
  });
}

/** What is prepared may name another certificate. */
function replacementWith(
  { current, prepare, rebuild }: FreshState,
  tls: FreshCertificate | undefined,
): FrontReplacement {
  return {
    current,
    rebuild,
    async prepare(next) {
      tls?.check(next);
      const settle = await prepare(next);
      return (accept) => {
        settle(accept);
        if (accept) tls?.follow(next);
      };
    },
  };
}
