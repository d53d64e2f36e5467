// SPDX-License-Identifier: Apache-2.0
import {
  type Command,
  type CommandInput,
  type CommandIo,
  type ExitCode,
  UsageError,
} from '../command.ts';
import {
  copyOptionsOf,
  DRY_RUN_OPTION,
  OUTPUT_OPTIONS,
  REGISTRY_OPTIONS,
  SOURCE_OPTIONS,
} from './copy-options.ts';
import type { ImagePlace } from './image-place.ts';

export const copy: Command = {
  name: 'copy',
  summary:
    'copy images, with their platforms and referrers, between registries, layouts and archives',
  args: [
    {
      name: '<places...>',
      description:
        'one or more sources and, last, where they go: `docker://HOST/NAME:TAG`, `oci:FOLDER:TAG` or `oci-archive:FILE:TAG`; `docker://HOST/PREFIX/` keeps the names of repositories',
    },
  ],
  options: [...SOURCE_OPTIONS, DRY_RUN_OPTION, ...REGISTRY_OPTIONS, ...OUTPUT_OPTIONS],
  examples: [
    {
      line: 'archeion copy docker://registry.example.org/team/app:v1 docker://registry.example.com/app:v1',
      why: 'one image, all platforms, signatures included',
    },
    {
      line: "archeion copy docker://registry.example.org/team/app docker://registry.example.com/copies/ --tags 'v*'",
      why: 'many tags, to copies/team/app',
    },
    {
      line: 'archeion copy docker://registry.example.org/team/app:v1 oci:./layout',
      why: 'into the folder of an image layout, which may have others',
    },
  ],
  async run(input, io) {
    const places = input.args.slice(0, -1);
    const last = input.args.at(-1);
    if (last === undefined || places.length === 0) {
      throw new UsageError('a source and where it goes are needed');
    }
    const { parseImagePlace } = await import('./image-place.ts');
    const from = places.map(parseImagePlace);
    return copyPlaces({ from, to: parseImagePlace(last) }, input, io);
  },
};

interface FromTo {
  readonly from: readonly ImagePlace[];
  readonly to: ImagePlace;
}

export async function copyPlaces(
  { from, to: place }: FromTo,
  input: CommandInput,
  io: CommandIo,
): Promise<ExitCode> {
  const options = copyOptionsOf(input);
  const [{ openSources }, { withRegistries }, { copyAll }, { reportCopy }] = await Promise.all([
    import('./open-sources.ts'),
    import('./registries.ts'),
    import('./copy-all.ts'),
    import('./copy-report.ts'),
  ]);
  return withRegistries(options, io, async (registries) => {
    const choice = { registries, tags: options.tags, signal: io.stop };
    const { images, close } = await openSources(from, choice);
    try {
      const result = await copyAll({ images, place, registries, options, io });
      return reportCopy(result, { ...options, place }, io);
    } finally {
      await close();
    }
  });
}
