// SPDX-License-Identifier: Apache-2.0
import { appendFile, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AuditSettings } from '../../config/audit.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { RegistryConfig } from '../../config/registry.ts';
import { type Address, formatAddress } from '../../core/net/address.ts';
import { formatPrefix, prefixOf } from '../../core/net/prefix.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { HttpRequest } from '../../protocol/http.ts';
import type { Audit } from '../../registry/audit/audit.ts';
import type { Loaded } from '../load-config.ts';

export interface AuditPorts {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly addressOf: (request: HttpRequest) => Address | undefined;
}

/**
 * Where changes are written down: in the log, and in a file when there is one. The file is opened for each line, so
 * that whoever moves it away tells nobody.
 *
 * @throws ConfigError when the file cannot be written to
 */
export async function openAudit(loaded: Loaded<RegistryConfig>, ports: AuditPorts): Promise<Audit> {
  const { audit: settings } = loaded.config;
  const file = settings.file === undefined ? undefined : resolve(loaded.directory, settings.file);
  if (file !== undefined) await requireWritable(file, loaded.origin);
  const { log, metrics, addressOf } = ports;
  const lost = metrics
    .counter('archeion_audit_lines_lost_total', 'Audit lines that the file did not take.')
    .cell();
  return async (request, entry) => {
    const address = shownAddress(addressOf(request), settings.clientAddress);
    const requestId = request.id === '' ? undefined : request.id;
    const fields = { ...entry, address, requestId };
    log.info('audit', fields);
    if (file === undefined) return;
    const line = JSON.stringify({ time: new Date().toISOString(), event: 'audit', ...fields });
    try {
      await appendFile(file, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      // What was done is done: that it is in the log only is for the operator to mend.
      lost.value += 1;
      log.error('audit-failed', error, { file });
    }
  };
}

async function requireWritable(file: string, origin: string): Promise<void> {
  try {
    await (await open(file, 'a', 0o600)).close();
  } catch (error) {
    throw new ConfigError(origin, [`audit.file: "${file}" cannot be written`], error);
  }
}

/** Of a whole address, so that lines of one client can be told to belong together, and no more. */
const SHOWN_BITS = { 4: 24, 6: 48 } as const;

export function shownAddress(
  address: Address | undefined,
  how: AuditSettings['clientAddress'],
): string | undefined {
  if (address === undefined || how === 'none') return undefined;
  if (how === 'full') return formatAddress(address);
  return formatPrefix(prefixOf(address, SHOWN_BITS[address.kind]));
}
