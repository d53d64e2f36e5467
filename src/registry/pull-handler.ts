// SPDX-License-Identifier: Apache-2.0
import type { Handler } from '../protocol/http.ts';
import { registryHandler } from './registry-handler.ts';
import type { RegistryPorts } from './registry-ports.ts';

/** A registry that only serves pulls. */
export function pullHandler(ports: Pick<RegistryPorts, 'storage' | 'log'>): Handler {
  return registryHandler({ ...ports, settings: { readOnly: true } });
}
