// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientAddressPolicyOf, routingTableOf } from '../config/routing.ts';
import type { Config } from '../config/schema.ts';
import type { CloudRegion } from '../core/net/cloud-region.ts';
import { distanceOnMap } from '../core/net/nearness.ts';
import { buildPrefixTable, type PrefixTable } from '../core/net/prefix-table.ts';
import { adminHandler } from '../http/admin-handler.ts';
import { startServer } from '../http/node-server.ts';
import type { Log } from '../log.ts';
import { openMetrics } from '../metrics.ts';
import { readFeedFiles } from '../ranges/feed-files.ts';
import { existenceCache } from '../redirector/existence-cache.ts';
import { generation } from '../redirector/generation.ts';
import { prober } from '../redirector/prober.ts';
import { redirector } from '../redirector/redirector.ts';
import { probeClient } from '../upstream/probe-client.ts';
import type { LoadedConfig } from './load-config.ts';

export interface Front {
  readonly url: string;
  readonly adminUrl: string;
  /** Finishes what is under way, for as long as the configuration grants, and closes. */
  stop(): Promise<void>;
}
