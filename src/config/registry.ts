// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { RegistryAccess } from './access.ts';
import { Audit } from './audit.ts';
import { ClientAddress } from './client-address.ts';
import { Events } from './events.ts';
import { adminSchema, listenSchema } from './listen.ts';
import { problemsOf } from './problems.ts';
import { RateLimit } from './rate-limit.ts';
import { RegistryStorage } from './registry-storage.ts';
import { logSchema, Shutdown } from './running.ts';
import { Duration, Size } from './values.ts';

const TagPattern = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]{1,128}$/, 'expected a tag, in which `*` stands for any characters');

const Uploads = z.strictObject({
  lifetime: Duration.refine(
    (milliseconds) => milliseconds >= 60_000 && milliseconds <= 7 * 86_400_000,
    'expected between 1m and 7d',
  )
    .prefault('24h')
    .describe('how long after its last byte an upload that was begun can be gone on with'),
  maxSize: Size.optional().describe('the largest blob that is taken; left out, any'),
});

const Interval = Duration.refine(
  (milliseconds) => milliseconds >= 60_000 && milliseconds <= 30 * 86_400_000,
  'expected between 1m and 30d',
);

const Collect = z.strictObject({
  every: Interval.prefault('24h').describe(
    'how long after a collection the next one begins, whichever process over the store does it',
  ),
  grace: Interval.prefault('24h').describe(
    'how long nothing must have referred to something before it is condemned, and how long it is condemned before it is deleted',
  ),
  untagged: z
    .union([z.literal('keep'), z.strictObject({ after: Interval })])
    .default('keep')
    .describe(
      'manifests without a tag that no index lists and whose subject, if they have one, is not there: `keep` them, or delete them when they are so old',
    ),
});

/** The document `archeion registry serve` reads. Every object is strict: a typo is an error, not a default. */
export const RegistrySchema = z.strictObject({
  listen: listenSchema({ host: '127.0.0.1', port: 5000 })
    .prefault({})
    .describe('where clients push and pull; by default this machine alone'),
  admin: adminSchema({ port: 5001 }),
  clientAddress: ClientAddress.prefault({}).describe(
    'who is asking; by default the peer of the connection',
  ),
  storage: RegistryStorage,
  readOnly: z.boolean().default(false).describe('only pulls are answered'),
  tags: z
    .strictObject({
      immutable: z
        .array(TagPattern)
        .default([])
        .describe('tags that stay where they were put first, such as `v*`'),
    })
    .prefault({}),
  deletes: z
    .boolean()
    .default(true)
    .describe('whether clients may delete tags, manifests and blobs'),
  acceptMissingReferences: z
    .boolean()
    .default(false)
    .describe('whether an index may list manifests that are not there; blobs have to be, always'),
  manifestLimit: z
    .literal('4MiB')
    .default('4MiB')
    .describe('the largest manifest; every client takes as much, and no more is taken'),
  uploads: Uploads.prefault({}),
  collect: Collect.optional().describe(
    'deletes what nothing refers to while the registry serves; left out, only `archeion registry collect` does; `{}` is enough',
  ),
  access: RegistryAccess.optional(),
  rateLimit: RateLimit.optional().describe(
    'who asks more often gets 429 with `Retry-After`; left out, nobody is refused',
  ),
  audit: Audit,
  events: Events,
  log: logSchema({ sample: 1 }),
  shutdown: Shutdown.prefault({}),
});

export type RegistryConfig = z.output<typeof RegistrySchema>;
export type RegistryDocument = z.input<typeof RegistrySchema>;

export type RegistryConfigResult =
  | { readonly ok: true; readonly config: RegistryConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Checks a whole document and reports everything wrong with it, not just the first thing. */
export function parseRegistryConfig(document: unknown): RegistryConfigResult {
  const result = RegistrySchema.safeParse(document);
  if (!result.success) return { ok: false, problems: problemsOf(result.error, RegistrySchema) };
  const problems = crossCheck(result.data);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: result.data };
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Whoever reaches a registry may push to it, unless something says otherwise. */
function crossCheck({ listen, access, readOnly }: RegistryConfig): string[] {
  if (access !== undefined || readOnly || LOOPBACK.includes(listen.host)) return [];
  return [
    `access: whoever reaches "${listen.host}" could push: say who may, or set \`readOnly\`, or listen on 127.0.0.1`,
  ];
}

/** The configuration as a document again, with every default written out. */
export function registryDocumentOf(config: RegistryConfig): RegistryDocument {
  return z.encode(RegistrySchema, config);
}

/** JSON Schema (draft 2020-12) of the document, as people write it. */
export function registryJsonSchema(): unknown {
  return z.toJSONSchema(RegistrySchema, { io: 'input', unrepresentable: 'any' });
}
