// SPDX-License-Identifier: Apache-2.0
import { UPLOAD_LIMITS } from '../../../src/http/limits.ts';
import { silentLog } from '../../../src/log.ts';
import { registryHandler } from '../../../src/registry/registry-handler.ts';
import type { RegistrySettings } from '../../../src/registry/registry-ports.ts';
import type { StorageDriver } from '../../../src/storage/driver.ts';
import { startTestServer } from '../start-server.ts';
import { type Wire, wireTo } from './wire.ts';

/** A registry over a store, on a port of loopback until the test is finished. */
export async function wireOver(
  storage: StorageDriver,
  settings: Partial<RegistrySettings> = {},
): Promise<Wire> {
  const handler = registryHandler({ storage, log: silentLog, settings });
  const { port } = await startTestServer(handler, { limits: UPLOAD_LIMITS });
  return wireTo(`http://127.0.0.1:${port}`);
}
