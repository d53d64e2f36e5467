// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';
import { copyOptionsOf, DRY_RUN_OPTION, OUTPUT_OPTIONS, REGISTRY_OPTIONS } from './copy-options.ts';

export const bundleLoad: Command = {
  name: 'bundle load',
  summary:
    'check every byte of a bundle and, when it is whole, copy all of it to a registry or a layout',
  args: [
    { name: '<file>', description: 'the bundle' },
    {
      name: '<target>',
      description:
        '`docker://HOST/` or `docker://HOST/PREFIX/` for the repositories that it names, `docker://HOST/NAME` for a bundle of one, or `oci:FOLDER`',
    },
  ],
  options: [DRY_RUN_OPTION, ...REGISTRY_OPTIONS, ...OUTPUT_OPTIONS],
  examples: [
    {
      line: 'archeion bundle load site.tar docker://registry.site.example/',
      why: 'everything under its own name; begun again, what is there is not sent again',
    },
  ],
  async run(input, io) {
    const [file = '', target = ''] = input.args;
    const options = copyOptionsOf(input);
    const [{ openBundle }, { parseImagePlace }, { withRegistries }, { copyAll }, more] =
      await Promise.all([
        import('./open-bundle.ts'),
        import('./image-place.ts'),
        import('./registries.ts'),
        import('./copy-all.ts'),
        import('./images-of-bundle.ts'),
      ]);
    const { reportCopy } = await import('./copy-report.ts');
    const place = parseImagePlace(target);
    const { report, archive, close } = await openBundle(file, io.stop);
    try {
      if (archive === undefined || report.problems.length > 0) {
        for (const problem of report.problems) io.err(`${file}: ${problem}\n`);
        io.err(`${file}: nothing was written, because it is not whole\n`);
        return EXIT.refused;
      }
      const images = await more.imagesOfBundle({ archive, file });
      return await withRegistries(options, io, async (registries) => {
        const result = await copyAll({ images, place, registries, options, io });
        return reportCopy(result, { ...options, place }, io);
      });
    } finally {
      await close();
    }
  },
};
