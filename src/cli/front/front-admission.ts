// SPDX-License-Identifier: Apache-2.0
import type { Config } from '../../config/schema.ts';
import type { Metrics } from '../../metrics.ts';
import { type Admit, admission } from '../../redirector/admission.ts';

/** What a configuration without a rate limit has is nothing: no request passes through it. */
export function openAdmission(
  { rateLimit }: Pick<Config, 'rateLimit'>,
  metrics: Metrics,
): Admit | undefined {
  if (rateLimit === undefined) return undefined;
  const refused = metrics.counter(
    'archeion_rate_limited_total',
    'Requests refused because their client asks too often.',
  );
  const unlimited = metrics.counter(
    'archeion_rate_unlimited_total',
    "Requests that no rate limit could apply to, because their client's address is unreadable.",
  );
  return admission(rateLimit, {
    clock: () => performance.now(),
    refused: refused.cell(),
    unlimited: unlimited.cell(),
  });
}
