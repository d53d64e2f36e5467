// SPDX-License-Identifier: Apache-2.0
import { isTag } from '../../core/oci/reference.ts';
import { isRepository } from '../../core/oci/repository.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { CONFIG_OPTION, DIRECTORY_OPTION } from './registry-options.ts';

export const registryImport: Command = {
  name: 'registry import',
  summary: 'copy an image, with its platforms and referrers, into a registry folder',
  args: [
    {
      name: '<source>',
      description:
        'the folder of an OCI layout (`DIR` or `oci:DIR:TAG`), or `docker://HOST/NAME:TAG`',
    },
    { name: '<name:tag>', description: 'the repository and the tag it gets' },
  ],
  options: [
    DIRECTORY_OPTION,
    CONFIG_OPTION,
    { flags: '--json', description: 'print the result as JSON' },
  ],
  examples: [
    {
      line: 'archeion registry import oci:./layout:v1 tools/hello:v1',
      why: 'an OCI layout, into the registry of archeion dev',
    },
    {
      line: 'archeion registry import docker://registry.example.org/hello:v1 hello:v1 --directory /srv/registry',
      why: 'an image of another registry',
    },
  ],
  async run(input, io) {
    const [text = '', name = ''] = input.args;
    const { repository, tag } = parseName(name);
    const [{ openImage }, { placeOf, tellAs }, { importImage }, { openLog }] = await Promise.all([
      import('./image-source.ts'),
      import('./command-store.ts'),
      import('../../registry/transfer/import.ts'),
      import('../../log.ts'),
    ]);
    const { source, reference } = await openImage(text, openLog('warn', io.err));
    try {
      const place = await placeOf(input);
      const tell = await tellAs(place, { repository, by: 'archeion registry import' });
      const copied = await importImage({
        source,
        reference,
        storage: place.storage,
        tell,
        repository,
        tag,
        signal: io.stop,
      });
      const line = `${name} is ${copied.digest}: ${copied.manifests} manifests and ${copied.blobs} blobs copied, ${copied.bytes} bytes; ${copied.skipped} were there already\n`;
      io.out(input.options['json'] === true ? `${JSON.stringify(copied)}\n` : line);
      return EXIT.done;
    } finally {
      await source.close();
    }
  },
};

function parseName(text: string): { repository: string; tag: string } {
  const colon = text.lastIndexOf(':');
  const [repository, tag] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
  if (isRepository(repository) && isTag(tag)) return { repository, tag };
  throw new UsageError(`"${text}" is no name:tag: expected something like tools/hello:v1`);
}
