// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { type ImageList, parseImageList } from '../../config/image-list.ts';
import type { MirrorConfig } from '../../config/mirror.ts';
import { whyUnread } from '../../config/why-unread.ts';
import { promotedPrefixes } from '../../core/mirroring/promoted-prefixes.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { isRepository } from '../../core/oci/repository.ts';
import type { Loaded } from '../load-config.ts';

export interface DeclaredImages {
  readonly digests: ReadonlyMap<string, readonly Digest[]>;
  /** What cannot be made sense of, by file and line. The rest was. */
  readonly problems: readonly string[];
}

const FILES = ['images.yaml', 'promoter-manifest.yaml'];

/**
 * Everything that the files of images name, by repository.
 *
 * @throws ConfigError naming every file and folder that is not there
 */
export async function readDeclaredImages(loaded: Loaded<MirrorConfig>): Promise<DeclaredImages> {
  const job = openJob(loaded);
  const [digests, problems] = [new Map<string, Set<Digest>>(), new Set<string>()];
  for (const file of await filesOf(loaded)) {
    const found = await readOne(file, job);
    for (const problem of found.problems) problems.add(problem);
    for (const { repository, listed } of found.images) {
      const own = digests.get(repository) ?? new Set();
      for (const digest of listed) own.add(digest);
      digests.set(repository, own);
    }
  }
  const byRepository = [...digests].map(([name, own]) => [name, [...own]] as const);
  return { digests: new Map(byRepository), problems: [...problems] };
}

interface Job {
  /** Where in promotion manifests the source is. */
  readonly place: string;
  readonly prefix: string;
  readonly shown: (file: string) => string;
}

function openJob({ config, directory }: Loaded<MirrorConfig>): Job {
  const { url = '', promotedTo, prefix } = config.source;
  const place = promotedTo ?? URL.parse(url)?.host ?? '';
  return { place, prefix, shown: (file) => relative(directory, file) || file };
}

async function filesOf({
  config,
  directory,
  origin,
}: Loaded<MirrorConfig>): Promise<readonly string[]> {
  const files: string[] = [];
  const problems: string[] = [];
  for (const [place, named] of config.source.images.entries()) {
    const path = resolve(directory, named);
    const info = await stat(path).catch(whyUnread);
    const isFolder = typeof info !== 'string' && info.isDirectory();
    const own = isFolder ? await filesBelow(path) : [path];
    if (typeof info === 'string') problems.push(`source.images.${place}: "${path}" ${info}`);
    else if (own.length === 0)
      problems.push(`source.images.${place}: "${path}" has no ${FILES[0]}`);
    files.push(...own);
  }
  if (problems.length > 0) throw new ConfigError(origin, problems);
  return [...new Set(files)];
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => FILES.includes(entry.name) && !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

interface FoundImages {
  readonly images: ReadonlyArray<{
    readonly repository: string;
    readonly listed: readonly Digest[];
  }>;
  readonly problems: readonly string[];
}

async function readOne(file: string, job: Job): Promise<FoundImages> {
  const list = await readList(file, job);
  if (list.images.length === 0) return { images: [], problems: list.problems };
  const thin = list.registries.length > 0 ? undefined : await manifestBeside(file, job);
  const registries = thin?.registries ?? list.registries;
  const problems = [...list.problems, ...(thin?.problems ?? [])];
  const prefixes = registries.length === 0 ? [''] : promotedPrefixes(registries, job.place);
  if (prefixes.length === 0) {
    const advice = `none of its registries is at "${job.place}": say source.promotedTo`;
    return { images: [], problems: [...problems, `${job.shown(file)}: ${advice}`] };
  }
  const images = list.images.flatMap(({ name, digests: listed }) =>
    prefixes.map((path) => ({ repository: joined([job.prefix, path, name]), listed })),
  );
  const unfit = images.filter(({ repository }) => !isRepository(repository));
  for (const { repository } of unfit) {
    problems.push(`${job.shown(file)}: "${repository}" is no repository`);
  }
  return { images: images.filter((image) => !unfit.includes(image)), problems };
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/');
}

/** The registries of `images/<project>/images.yaml` are in `manifests/<project>/promoter-manifest.yaml` beside it. */
async function manifestBeside(file: string, job: Job): Promise<ImageList | undefined> {
  const project = dirname(file);
  const images = dirname(project);
  if (basename(images) !== 'images') return undefined;
  const manifest = join(images, '../manifests', basename(project), 'promoter-manifest.yaml');
  const isThere = (await stat(manifest).catch(() => undefined)) !== undefined;
  return isThere ? readList(manifest, job) : undefined;
}

async function readList(file: string, { shown }: Job): Promise<ImageList> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return { images: [], registries: [], problems: [`${shown(file)}: cannot be read`] };
  }
  const list = parseImageList(text);
  return { ...list, problems: list.problems.map((problem) => `${shown(file)}, ${problem}`) };
}
