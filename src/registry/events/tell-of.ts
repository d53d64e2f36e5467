// SPDX-License-Identifier: Apache-2.0
import type { Visit } from '../registry-ports.ts';
import { NO_TELLING, type Telling } from './event-log.ts';

/** Tells of what a visit does, where anybody wants to know. */
export function tellOf({ registry, repository, grant }: Visit): Telling {
  return registry.events?.tell({ repository, by: grant.name }) ?? NO_TELLING;
}
