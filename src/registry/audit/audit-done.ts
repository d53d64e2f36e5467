// SPDX-License-Identifier: Apache-2.0
import type { Visit } from '../registry-ports.ts';
import type { AuditEntry } from './audit.ts';

/** Writes down what a visit has done, before it is acknowledged. */
export async function auditDone(
  { registry, request, grant, repository }: Visit,
  entry: Pick<AuditEntry, 'operation' | 'tag' | 'digest' | 'before'>,
): Promise<void> {
  await registry.audit?.(request, { ...entry, result: 'done', user: grant.name, repository });
}
