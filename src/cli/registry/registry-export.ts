// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../../core/oci/digest.ts';
import type { RepositoryPlace } from '../../registry/store/manifest-store.ts';
import type { ExportRoot } from '../../registry/transfer/export.ts';
import type { ExportStep } from '../../registry/transfer/export-blob.ts';
import { type Command, type CommandIo, EXIT } from '../command.ts';
import { sayProgress } from '../progress-lines.ts';
import { sizeText } from '../size-text.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION } from './registry-options.ts';
import { requireStoredName, type StoredName } from './stored-name.ts';

export const registryExport: Command = {
  name: 'registry export',
  summary:
    'copy images, with their platforms and referrers, from a registry folder into an OCI layout',
  args: [
    { name: '<name>', description: '`NAME` with all its tags, `NAME:TAG` or `NAME@DIGEST`' },
    {
      name: '<target>',
      description:
        'the folder of the layout (`DIR` or `oci:DIR`): a new one, or one that is added to',
    },
  ],
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    { flags: '--json', description: 'print the result as JSON' },
  ],
  examples: [
    {
      line: 'archeion registry export tools/hello:v1 ./layout && skopeo copy --all oci:./layout:v1 docker://registry.example.org/hello:v1',
      why: 'one image, to anywhere',
    },
    {
      line: 'archeion registry export tools/hello oci:./backup --directory /srv/registry',
      why: 'all tags of a repository; again, only what is new is copied',
    },
  ],
  async run(input, io) {
    const [text = '', target = ''] = input.args;
    const name = requireStoredName(text);
    const [{ openRegistry }, { requireKnown }, { openLayoutWriter }] = await Promise.all([
      import('./command-store.ts'),
      import('./registry-folder.ts'),
      import('../../upstream/layout-writer.ts'),
    ]);
    const { storage } = await openRegistry(input);
    const place = { storage, repository: name.repository };
    await requireKnown(place);
    const roots = await rootsOf(place, name);
    const layout = await openLayoutWriter(target.replace(/^oci:/, ''));
    const result = await exportTo({ ...place, layout }, roots, io);
    io.out(input.options['json'] === true ? `${JSON.stringify(result)}\n` : textOf(target, result));
    return result.missing.length > 0 ? EXIT.partlyFailed : EXIT.done;
  },
};

/** A name that is not there is found out before anything is written. */
async function rootsOf(
  place: RepositoryPlace,
  { reference }: StoredName,
): Promise<AsyncIterable<ExportRoot> | Iterable<ExportRoot>> {
  if (reference === undefined) {
    const { streamTags } = await import('../../registry/pull/catalog.ts');
    return streamTags(place);
  }
  const { findManifest } = await import('../../registry/store/find-manifest.ts');
  const { unknownError } = await import('../../registry/pull/unknown-error.ts');
  const shown = reference.kind === 'tag' ? reference.tag : reference.digest;
  const found = await findManifest(place, reference);
  if (found === undefined) throw await unknownError(place, 'MANIFEST_UNKNOWN', shown);
  return [{ digest: found.digest, ...(reference.kind === 'tag' && { tag: reference.tag }) }];
}

interface ExportResult {
  /** Copied. */
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Manifests and blobs that were there already. */
  readonly skipped: number;
  /** Layers that are to be had from elsewhere, as their manifest says. */
  readonly foreign: readonly Digest[];
  /** Manifests that something leads to, and that the repository lacks. */
  readonly missing: readonly Digest[];
}

type Exporting = Omit<
  Parameters<typeof import('../../registry/transfer/export.ts').exportImages>[0],
  'progress'
>;

async function exportTo(
  options: Exporting,
  roots: AsyncIterable<ExportRoot> | Iterable<ExportRoot>,
  io: CommandIo,
): Promise<ExportResult> {
  const { exportImages } = await import('../../registry/transfer/export.ts');
  const count = counter();
  const progress = () => count.soFar();
  const endProgress = sayProgress({ progress, say: io.err, now: () => performance.now() });
  try {
    await exportImages({ ...options, progress: count.add, signal: io.stop }, roots);
    return count.total();
  } finally {
    endProgress();
  }
}

function counter() {
  let [manifests, blobs, bytes, skipped] = [0, 0, 0, 0];
  const lists: Record<'foreign' | 'missing', Digest[]> = { foreign: [], missing: [] };
  return {
    add({ kind, digest, size, copied }: ExportStep): void {
      if (kind === 'foreign' || kind === 'missing') lists[kind].push(digest);
      else if (!copied) skipped += 1;
      else if (kind === 'manifest') manifests += 1;
      else blobs += 1;
      if (copied) bytes += size;
    },
    soFar: () => ({ objects: manifests + blobs + skipped, bytes }),
    total: (): ExportResult => ({ manifests, blobs, bytes, skipped, ...lists }),
  };
}

function textOf(target: string, result: ExportResult): string {
  const { manifests, blobs, bytes, skipped, foreign, missing } = result;
  const lines = [
    `${target}: ${manifests} manifests and ${blobs} blobs copied, ${sizeText(bytes)}; ${skipped} were there already`,
    ...foreign.map((digest) => `left out, to be had from elsewhere: ${digest}`),
    ...missing.map((digest) => `listed, and not there: ${digest}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
