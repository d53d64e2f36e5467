// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { EVENT_TYPES } from '../core/event-types.ts';
import { Duration, HttpUrl, Name } from './values.ts';

/** A replica that slept must not take a number for free that was used and reaped. */
const KEEP = Duration.refine(
  (milliseconds) => milliseconds >= 3_600_000 && milliseconds <= 3_650 * 86_400_000,
  'expected between 1h and 3650d',
);

const Endpoint = z.strictObject({
  name: Name.describe('by which log, metrics and the store speak of it: another name begins anew'),
  url: HttpUrl.describe('where events are sent by POST; redirects are not followed'),
  secretFile: z
    .string()
    .min(1)
    .describe(
      'a file with the secret that events are signed with, at least 24 characters, relative to the configuration file; read for each event',
    ),
  types: z
    .array(z.enum(EVENT_TYPES))
    .min(1)
    .optional()
    .describe('the types of events that it is told of; left out, all'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('whether its address may be a private one, which is checked at each connection'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('how often an event is sent before it is put aside as a dead letter'),
  timeout: Duration.refine(
    (milliseconds) => milliseconds >= 100 && milliseconds <= 120_000,
    'expected between 100ms and 2m',
  )
    .prefault('10s')
    .describe('how long an answer may take'),
});

export const Events = z
  .strictObject({
    log: z
      .boolean()
      .default(true)
      .describe('whether pushes, tags and deletes are kept in a log in the store, for followers'),
    source: z
      .string()
      .regex(/^[A-Za-z0-9._~:/-]{1,200}$/, 'expected a URI or a path')
      .default('/archeion/registry')
      .describe('the `source` of events: what tells this registry from others'),
    endpoints: z
      .array(Endpoint)
      .max(16)
      .default([])
      .describe('who is told of each event by HTTP, as a CloudEvent'),
    keep: KEEP.prefault('30d').describe('how long what is in the log stays there'),
  })
  .superRefine(({ log, endpoints }, context) => {
    const names = endpoints.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index) continue;
      const path = ['endpoints', index, 'name'];
      context.addIssue({ code: 'custom', path, message: `"${name}" is there twice` });
    }
    if (!log && endpoints.length > 0) {
      const message = 'endpoints are told from the log: leave out `log: false`';
      context.addIssue({ code: 'custom', path: ['log'], message });
    }
  })
  .prefault({})
  .describe('who is told what happens in the registry');

export type EventSettings = z.output<typeof Events>;
