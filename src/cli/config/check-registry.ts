// SPDX-License-Identifier: Apache-2.0
import { openLog } from '../../log.ts';
import { memoryDriver } from '../../storage/memory/memory.ts';
import type { CommandIo } from '../command.ts';
import { readCertificate } from '../front/front-certificate.ts';
import { checkSecrets } from '../registry/event-deliveries.ts';
import { loadRegistryFile } from '../registry/registry-config.ts';
import { openRegistryAccess } from '../registry/registry-service.ts';

/**
 * Whether a registry would start with a configuration and the files that it names. Its store is left alone: it may
 * be on another machine, or not be there yet.
 *
 * @throws ConfigError with what is wrong
 */
export async function checkRegistry(file: string, io: CommandIo): Promise<void> {
  const loaded = await loadRegistryFile(file);
  readCertificate(loaded);
  await checkSecrets(loaded);
  const log = openLog('warn', io.err);
  const { config, directory, origin } = loaded;
  // The key of tokens, where no file has it, is made for this moment.
  const access = await openRegistryAccess(config, directory, { storage: memoryDriver(), log });
  access?.close();
  io.out(`${origin}: ok\n`);
}
