// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../config/schema.ts';
import { type AdminPorts, adminHandler } from '../http/admin-handler.ts';
import { type RunningServer, startServer } from '../http/node-server.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { type Explain, explainHandler } from '../redirector/explain-handler.ts';

export interface AdminListenerPorts extends Pick<AdminPorts, 'ready' | 'degraded'> {
  readonly explain: Explain;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Gives what is scraped; by default these metrics. */
  readonly expose?: Metrics['expose'];
}

/** @throws ListenError */
export function openAdminListener(
  { admin }: Pick<Config, 'admin'>,
  { explain, log, metrics, expose = metrics.expose, ...readiness }: AdminListenerPorts,
): Promise<RunningServer> {
  const otherwise = explainHandler(explain);
  const handler = adminHandler({ ...readiness, metrics: { expose }, otherwise });
  return startServer({ name: 'admin', ...admin, handler, log, metrics });
}
