// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../command.ts';
import { copyPlaces } from './copy.ts';
import { OUTPUT_OPTIONS, REGISTRY_OPTIONS, SOURCE_OPTIONS } from './copy-options.ts';

export const bundleCreate: Command = {
  name: 'bundle create',
  summary: 'put images, with their platforms and referrers, into one file that can be carried',
  args: [
    { name: '<file>', description: 'the bundle, which must not be there' },
    {
      name: '<sources...>',
      description: '`docker://HOST/NAME:TAG`, `oci:FOLDER:TAG` or `oci-archive:FILE:TAG`',
    },
  ],
  options: [...SOURCE_OPTIONS, ...REGISTRY_OPTIONS, ...OUTPUT_OPTIONS],
  examples: [
    {
      line: 'archeion bundle create site.tar docker://registry.example.org/team/app:v1 docker://registry.example.org/team/db:v3',
      why: 'two images; begun again, what was fetched is not fetched again',
    },
  ],
  async run(input, io) {
    const [path = '', ...sources] = input.args;
    const { parseImagePlace } = await import('./image-place.ts');
    const to = { kind: 'archive', text: path, path, reference: undefined } as const;
    return copyPlaces({ from: sources.map(parseImagePlace), to }, input, io);
  },
};
