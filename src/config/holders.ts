// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { parseDigest } from '../core/oci/digest.ts';
import { isRepository } from '../core/oci/repository.ts';
import { parseCanary } from './canary.ts';
import { BlobPathText, HttpUrl, Name } from './values.ts';

const Place = z
  .strictObject({
    cloud: Name.describe(
      'as the cloud ranges call it: `aws`, `gcp`, `azure`, `oracle`, or a name of yours',
    ),
    region: Name.describe('as the provider calls it'),
  })
  .describe(
    'where it stands, in the words of the cloud ranges: what `same-region` and `nearest` go by',
  );

const LeadsTo = z
  .array(
    z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/, 'expected a host, or host:port'),
  )
  .default([])
  .describe(
    'hosts that its own answers redirect to (`storage.googleapis.com`): they are listed among the endpoints',
  );

export const Credentials = z.strictObject({
  username: z.string().min(1),
  passwordFile: z
    .string()
    .min(1)
    .describe(
      'a file with the password or token, relative to the configuration file; read again whenever it is asked for',
    ),
  tokenHosts: z
    .array(z.string().min(1))
    .default([])
    .describe('other hosts that may get them in exchange for a token: `auth.docker.io`'),
});

export const Upstream = z.strictObject({
  name: Name,
  url: HttpUrl.describe('scheme and host of the registry').refine(
    (url) => !/^https?:\/\/[^/]+\//.test(url),
    'a registry has no path: put it into repositoryPrefix',
  ),
  repositoryPrefix: z
    .string()
    .refine((text) => text === '' || isRepository(text), 'expected a repository name')
    .default('')
    .describe('put before every repository name: `acme-prod/images`'),
  at: Place.optional(),
  deliver: z
    .enum(['redirect', 'proxy'])
    .default('redirect')
    .describe(
      '`proxy`: whatever comes from it is fetched by the front, as it has to be where pulls take credentials',
    ),
  leadsTo: LeadsTo,
  credentials: Credentials.optional().describe(
    'what the front says who it is when it fetches from it; clients never see them',
  ),
  canary: z
    .string()
    .refine((text) => parseCanary(text) !== undefined, 'expected a tag of a repository: pause:3.9')
    .optional()
    .describe(
      'a tag it has to serve without a token, `pause:3.9`: asked for at every `health.interval`',
    ),
});

const IndexPlace = z.union([z.literal(true), HttpUrl, z.strictObject({ of: Name })]);

const Backend = z.strictObject({
  name: Name.refine(
    (name) => !['upstream', 'same-region', 'nearest'].includes(name),
    'this word has a meaning of its own in routing rules',
  ),
  url: HttpUrl,
  at: Place.optional(),
  blobPath: BlobPathText.optional().describe('overrides the `blobPath` of all backends'),
  canary: z
    .string()
    .refine((text) => parseDigest(text) !== undefined, 'expected a digest')
    .optional()
    .describe('a blob it has to hold: asked for at every `health.interval`'),
  index: IndexPlace.optional().describe(
    'where it publishes its digest index: `true` is `<url>/archeion/index`; `{ of: NAME }` for a CDN in front of that backend, which holds what its index says',
  ),
  ownership: z
    .strictObject({
      publicKey: z
        .string()
        .min(1)
        .describe('a file with an Ed25519 key in PEM; relative to the configuration file'),
    })
    .optional()
    .describe(
      'it gets nobody unless its index is signed by this key and valid: proof that its name is still yours',
    ),
  leadsTo: LeadsTo,
  drain: z.boolean().default(false).describe('true: it gets nobody any more, at once'),
  addressFamilies: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .default(['ipv4', 'ipv6'])
    .describe(
      'what its host answers on: a client that came over IPv6 is not sent to an IPv4-only host',
    ),
});

type BackendValue = z.output<typeof Backend>;

export const Backends = z
  .array(Backend)
  .refine(
    (backends) => backends.every(({ index }) => !isBehind(index) || publishes(backends, index.of)),
    '`index: { of }` names a backend with an index of its own',
  )
  .refine(
    (backends) =>
      !backends.some(({ index, ownership }) => isBehind(index) && ownership !== undefined),
    '`ownership` takes an index under its own name, not that of another backend',
  );

function isBehind(index: BackendValue['index']): index is { of: string } {
  return typeof index === 'object';
}

function publishes(backends: readonly BackendValue[], of: string): boolean {
  const found = backends.find(({ name }) => name === of);
  return (
    found !== undefined && !isBehind(found.index) && (found.index ?? found.ownership) !== undefined
  );
}
