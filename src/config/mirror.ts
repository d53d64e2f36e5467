// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import {
  isExclusion,
  parseSelection,
  parseSelections,
  type Selection,
} from '../core/mirroring/selection.ts';
import { isRepository } from '../core/oci/repository.ts';
import { adminSchema } from './listen.ts';
import { AzureBlob, Gcs } from './object-stores.ts';
import { problemsOf } from './problems.ts';
import { RegistryStorage, S3 } from './registry-storage.ts';
import { SourceCredentials } from './source-credentials.ts';
import { BlobPathText, Duration, HttpUrl, Name, Size } from './values.ts';

const SelectionText = z
  .string()
  .refine(
    (text) => parseSelection(isExclusion(text) ? text.slice(1) : text) !== undefined,
    'expected a repository such as team/app, team/* or team/**, perhaps with a tag behind it: team/app:v*, or with ! before it',
  );

/** As a URL says it, so that it is only compared. */
const Host = z
  .string()
  .refine(
    (text) => /^[a-z0-9._:[\]-]+$/.test(text) && URL.parse(`https://${text}/`)?.host === text,
    'expected a host such as mcr.example.org, in small letters, perhaps with a port other than 443: mcr.example.org:8443',
  );

const BytesPerSecond = Size.refine(
  (bytes) => bytes >= 64 * 1024,
  'expected 64KiB or more',
).optional();

const Source = z
  .strictObject({
    url: HttpUrl.describe('scheme and host of a registry')
      .refine(
        (url) => !/^https?:\/\/[^/]+\//.test(url),
        'a registry has no path: put it into the names of repositories',
      )
      .optional(),
    repositories: z
      .array(SelectionText)
      .default([])
      .describe(
        'what is mirrored of the registry: repositories, in which `*` stands for characters of one part and `**` of several, each perhaps with a pattern of tags, `team/app:v*`; with `!` before it, what is not, `!team/tmp-*`',
      ),
    images: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'files of images in the format of the Kubernetes promoter, relative to the configuration file, and folders, of which every `images.yaml` and `promoter-manifest.yaml` is read: their digests are mirrored',
      ),
    prefix: z
      .string()
      .refine((text) => text === '' || isRepository(text), 'expected a repository name')
      .default('')
      .describe('put before the names in those files'),
    promotedTo: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.:-]*(?:\/[a-z0-9][a-z0-9._/-]*)?$/, 'expected a host, or host/path')
      .optional()
      .describe(
        'which of the registries of a promotion manifest the source is, `us-docker.pkg.dev/prod/images`: what such a registry has behind it is put before the names, too; left out, the host of `url`',
      ),
    credentials: SourceCredentials.optional().describe('left out, it is asked without any'),
    privateHosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'hosts, `host` or `host:port`, that it may redirect to, or `foreignLayers` names, although their addresses are private',
      ),
    foreignLayers: z
      .array(Host)
      .default([])
      .describe(
        'hosts, `host` or `host:port`, from which layers with `urls` are copied when the source lacks them, by https and without credentials; by default they are left where they are',
      ),
    limits: z
      .strictObject({
        requestsPerSecond: z
          .number()
          .min(0.1)
          .max(100_000)
          .optional()
          .describe(
            'requests to one host, for tokens, lists, manifests and blobs together; left out, as many as it bears',
          ),
        bytesPerSecond: BytesPerSecond.describe(
          'bytes a second that one host is read with, over all connections: `20MiB`',
        ),
      })
      .optional()
      .describe('what the registry, and each host that it redirects to, is asked at most'),
    registry: z
      .strictObject({ storage: RegistryStorage })
      .optional()
      .describe(
        'instead of a `url`: a registry of our own, read from its store; its log of events tells what is new',
      ),
    layout: z
      .string()
      .min(1)
      .optional()
      .describe(
        'instead of a registry: the folder of an OCI image layout, relative to the configuration file; all of it is mirrored',
      ),
  })
  .refine(
    ({ url, layout, registry }) => [url, layout, registry].filter(Boolean).length === 1,
    'give one of url, registry and layout',
  )
  .refine(
    ({ layout, repositories, images }) =>
      (layout !== undefined) === (repositories.length === 0 && images.length === 0),
    'a registry needs repositories or images, and a layout has none',
  )
  .refine(
    ({ url, images }) => url !== undefined || images.length === 0,
    'images are mirrored of a registry by its url',
  )
  .refine(
    ({ url, limits }) => url !== undefined || limits === undefined,
    'limits are those of a registry by its url',
  )
  .refine(
    ({ repositories }) => repositories.length === 0 || !repositories.every(isExclusion),
    'repositories that are not mirrored are taken away from others: name those, too',
  );

const Folder = z.strictObject({
  kind: z.literal('filesystem').describe('files in a folder, as any web server serves them'),
  directory: z
    .string()
    .min(1)
    .describe('the folder, relative to the configuration file; it is made'),
});

/** Nobody asks a target for a link. */
const ONLY_OF_A_REGISTRY = { publicEndpoint: true, redirect: true } as const;

const Target = z.strictObject({
  name: Name.describe('the name of the backend in the configuration of the front'),
  storage: z
    .discriminatedUnion('kind', [
      Folder,
      S3.omit(ONLY_OF_A_REGISTRY),
      Gcs.omit(ONLY_OF_A_REGISTRY),
      AzureBlob.omit(ONLY_OF_A_REGISTRY),
    ])
    .describe('where its blobs are kept'),
  blobPath: BlobPathText.prefault('containers/images/{digest}').describe(
    'where it keeps a blob, as in the configuration of the front',
  ),
  publicUrl: HttpUrl.optional().describe(
    'the URL of the backend in the configuration of the front; left out, it gets no digest index',
  ),
  limits: z
    .strictObject({
      bytesPerSecond: BytesPerSecond.describe(
        'bytes a second that are written to it, over all objects: `20MiB`',
      ),
    })
    .optional()
    .describe('what it is given at most; objects that others lack, too, come to them no faster'),
});

const TagPattern = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]{1,128}$/, 'expected a tag, in which `*` stands for any characters');

const Index = z.strictObject({
  validFor: Duration.refine(
    (milliseconds) => milliseconds >= 60_000 && milliseconds <= 30 * 86_400_000,
    'expected between 1m and 30d',
  )
    .prefault('26h')
    .describe(
      'how long after a run has begun fronts believe the index: longer than until the next run',
    ),
  every: Duration.prefault('10m').describe(
    'how often a run that takes long publishes what there is so far',
  ),
  key: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a file with the Ed25519 private key in PEM that signs it, relative to the configuration file',
    ),
});

const Follow = z.strictObject({
  poll: Duration.refine((milliseconds) => milliseconds >= 100, 'expected 100ms or more')
    .prefault('1s')
    .describe('how often the log of a registry of our own is looked at'),
  grace: Duration.prefault('25s').describe(
    'how long what is being copied may take to come to its end, when it is stopped',
  ),
  admin: adminSchema({ port: 5002 }),
  log: z
    .strictObject({ level: z.enum(['info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

/** The document `archeion mirror` reads. Every object is strict: a typo is an error, not a default. */
export const MirrorSchema = z.strictObject({
  source: Source.describe('what is mirrored'),
  targets: z.array(Target).min(1).describe('what is kept filled'),
  immutable: z
    .array(TagPattern)
    .default([])
    .describe('tags that never move at the source, `v*`: known ones are not asked for again'),
  manifests: z
    .boolean()
    .default(true)
    .describe('whether targets get manifests under their digests, too'),
  referrersEvery: Duration.prefault('24h').describe(
    'how long after it was looked for what is about known images (signatures and the like) it is looked for again; what has a tag is found at once',
  ),
  sweepEvery: Duration.refine((milliseconds) => milliseconds >= 60_000, 'expected 1m or more')
    .prefault('1h')
    .describe(
      'how often everything is looked at, of a registry of our own that tells in between what is new, and by `mirror follow`; twice in `index.validFor` at least',
    ),
  concurrency: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe(
      'objects that are copied at once, and requests to one host of the source, at most: fewer when it does not bear them',
    ),
  memory: Size.prefault('40MiB').describe(
    'what objects that are being copied may take together: to a bucket each takes two parts, 16 MiB, and to a folder 1 MiB; one that takes more is copied alone',
  ),
  follow: Follow.prefault({}).describe('how `mirror follow` goes on'),
  index: Index.prefault({}).describe('the digest index that each target with a `publicUrl` gets'),
});

export type MirrorConfig = z.output<typeof MirrorSchema>;

export type MirrorConfigResult =
  | { readonly ok: true; readonly config: MirrorConfig }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Checks a whole document and reports everything wrong with it, not just the first thing. */
export function parseMirrorConfig(document: unknown): MirrorConfigResult {
  const result = MirrorSchema.safeParse(document);
  if (!result.success) return { ok: false, problems: problemsOf(result.error, MirrorSchema) };
  const names = result.data.targets.map(({ name }) => name);
  const repeated = new Set(names.filter((name, place) => names.indexOf(name) !== place));
  const problems = [...repeated].map((name) => `targets: "${name}" names two of them`);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: result.data };
}

/** What is mirrored of a registry. */
export function selectionsOf({ source }: MirrorConfig): readonly Selection[] {
  return parseSelections(source.repositories);
}

/** JSON Schema (draft 2020-12) of the document, as people write it. */
export function mirrorJsonSchema(): unknown {
  return z.toJSONSchema(MirrorSchema, { io: 'input', unrepresentable: 'any' });
}
