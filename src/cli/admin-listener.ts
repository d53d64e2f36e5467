// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../config/schema.ts';
import { type AdminPorts, adminHandler } from '../http/admin-handler.ts';
import { type RunningServer, startServer } from '../http/node-server.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type Explain, explainHandler } from '../redirector/explain-handler.ts';

export interface AdminListenerPorts extends Pick<AdminPorts, 'ready'> {
  readonly explain: Explain;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** @throws ListenError */
export function openAdminListener(
  { admin }: Pick<Config, 'admin'>,
  { ready, explain, log, metrics }: AdminListenerPorts,
): Promise<RunningServer> {
  return startServer({
    name: 'admin',
    ...admin,
    handler: adminHandler({ metrics, ready, otherwise: explainHandler(explain) }),
    log,
    metrics,
  });
}
