// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { parseAddress } from '../core/net/address.ts';
import { ClientAddress } from './client-address.ts';
import { CloudRanges } from './cloud-ranges.ts';
import { Backends, Upstream } from './holders.ts';
import { KnownRepositories } from './known-repositories.ts';
import { adminSchema, listenSchema } from './listen.ts';
import { PullEvents } from './pull-events.ts';
import { RateLimit } from './rate-limit.ts';
import { logSchema, Shutdown } from './running.ts';
import { BlobPathText, Duration, HttpUrl, Name, oneOrMore, PrefixText } from './values.ts';

const Rule = z.strictObject({
  client: z
    .strictObject({
      cloud: oneOrMore(Name).optional(),
      region: oneOrMore(Name).optional(),
      prefixes: z.array(PrefixText).min(1).optional(),
    })
    .prefault({})
    .describe('all that is given has to match; left out, the rule is for everybody'),
  blobs: z
    .array(z.string())
    .min(1)
    .default(['upstream'])
    .describe(
      'in order of preference: `same-region`, `nearest`, the name of a backend, `upstream`',
    ),
  deliver: z
    .enum(['redirect', 'proxy', 'deny'])
    .default('redirect')
    .describe(
      'how: `redirect` sends the client there, `proxy` fetches everything for it, `deny` refuses it with 403',
    ),
  help: HttpUrl.optional().describe('for `deny`: the page that a refusal refers to'),
});

const Existence = z.strictObject({
  maxEntries: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(65_536)
    .describe('blobs remembered; the least recently asked for goes first'),
  heldFor: Duration.prefault('1h').describe(
    'how long "held" is believed; after that it is used once more and asked again',
  ),
  absentFor: Duration.prefault('30s').describe(
    'how long a backend is not asked again for what it lacks',
  ),
  notNowFor: Duration.prefault('5s').describe(
    'how long a backend that answered 403, 429, 5xx or not at all is passed over for this blob',
  ),
});

const Probes = z.strictObject({
  deadline: Duration.prefault('1s').describe('what one request may wait for all its probes'),
  timeout: Duration.prefault('5s').describe(
    'when a probe is given up; its late answer still serves the next client',
  ),
  maxConcurrent: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe(
      'probes under way at once to one backend; above it the client goes on to the next candidate',
    ),
});

const Health = z.strictObject({
  interval: Duration.prefault('10s').describe('between two canaries of a backend'),
  ejectAfter: z.int().min(1).max(100).default(3).describe('canaries in a row that fail'),
  returnAfter: z.int().min(1).max(100).default(2).describe('canaries in a row that succeed'),
  tripAfter: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .describe(
      'probes in a row that fail: then the backend is left alone for `pause`, and tried again one by one',
    ),
  pause: Duration.prefault('5s').describe('doubled each time a trial fails, up to `longestPause`'),
  longestPause: Duration.prefault('1m'),
});

const Delivery = z.enum(['fetch', 'redirect']).default('fetch');

const RouteTest = z.strictObject({
  client: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, 'expected an address')
    .describe('an address'),
  path: z.string().startsWith('/').describe('what it asks for: `/v2/pause/blobs/sha256:…`'),
  expect: z.string().describe('the name of the backend or upstream that is to serve it'),
});

/** The document `archeion serve` reads. Every object is strict: a typo is an error, not a default. */
export const ConfigSchema = z.strictObject({
  listen: listenSchema({ host: '::', port: 8080 }).prefault({}),
  admin: adminSchema({ port: 8081 }),
  workers: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      'processes that share the port of the front; 1 is this process alone. `--workers` goes before it',
    ),
  publicName: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, 'expected a host name in lower case')
    .optional()
    .describe(
      'the host that clients know the front by; with it `config check` warns of backends below it, which clients send their credentials to',
    ),
  clientAddress: ClientAddress.prefault({}).describe(
    'who is asking; by default the peer of the connection',
  ),
  pages: z
    .strictObject({ root: HttpUrl.optional(), privacy: HttpUrl.optional() })
    .prefault({})
    .describe('where `/` and `/privacy` lead'),
  upstreams: z
    .tuple([Upstream], Upstream)
    .describe(
      'registries that are the source of truth; the first serves clients of whom nothing is known',
    ),
  canonicalUpstream: z
    .string()
    .optional()
    .describe('where signatures and other referrers are asked for'),
  backends: Backends.default([]).describe('places that serve blobs near a region'),
  blobPath: BlobPathText.prefault('containers/images/{digest}').describe(
    'where backends keep a blob below their URL',
  ),
  routing: z
    .array(Rule)
    .default([])
    .describe('the first rule whose client matches; without a match blobs come from the upstream'),
  tagsList: Delivery.describe(
    '`fetch`: answered by the front under its own name; `redirect`: clients that page then ask the wrong host',
  ),
  referrers: Delivery.describe('the same for the referrers of a digest'),
  cloudRanges: CloudRanges.prefault({}).describe('which cloud and region an address belongs to'),
  publishEndpoints: z
    .boolean()
    .default(true)
    .describe(
      'whether `/.well-known/archeion/endpoints.json` names every host that a client may be sent to, for people who have to open a firewall',
    ),
  routeHeaders: z
    .boolean()
    .default(true)
    .describe(
      'whether a redirect says in `X-Archeion-Route` and `Server-Timing` who serves it, and why',
    ),
  tests: z
    .array(RouteTest)
    .default([])
    .describe(
      'routes that have to come out so, every backend being well and filled; `config check` and every reload run them',
    ),
  indexes: z
    .strictObject({
      refresh: Duration.prefault('60s').describe(
        'how often each pointer is looked at, give or take a tenth',
      ),
    })
    .prefault({})
    .describe('the digest indexes that backends publish'),
  maxConcurrentProxied: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe(
      'manifests and blobs fetched for clients at once by `deliver: proxy`; beyond it they get 503',
    ),
  existence: Existence.prefault({}).describe('what is remembered of probes'),
  probes: Probes.prefault({}).describe('how backends are asked whether they hold a blob'),
  health: Health.prefault({}).describe('when a backend is passed over, and when it is back'),
  rateLimit: RateLimit.optional().describe(
    'who asks more often gets 429 with `Retry-After`; left out, nobody is refused. Every process counts for itself',
  ),
  repositories: KnownRepositories.optional().describe(
    'the repositories there are: a pull of any other gets 404 at once; left out, every name is let through',
  ),
  pullEvents: PullEvents.optional(),
  log: logSchema({ sample: 0.01 }),
  shutdown: Shutdown.prefault({}),
});

export type Config = z.output<typeof ConfigSchema>;
export type ConfigDocument = z.input<typeof ConfigSchema>;
