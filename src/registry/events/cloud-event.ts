// SPDX-License-Identifier: Apache-2.0
import type { RegistryEvent } from './registry-event.ts';

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#32-structured-content-mode */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * The event as others know events.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export function cloudEventOf(event: RegistryEvent, source: string): string {
  const { id, time, type, ...data } = event;
  return JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type: `archeion.registry.${type}`,
    subject: subjectOf(event),
    time,
    datacontenttype: 'application/json',
    data,
  });
}

/** As clients name it. */
function subjectOf({ repository, tag, digest }: RegistryEvent): string {
  if (tag !== undefined) return `${repository}:${tag}`;
  return digest === undefined ? repository : `${repository}@${digest}`;
}
