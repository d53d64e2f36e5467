// SPDX-License-Identifier: Apache-2.0
import { type Command, EXIT } from '../command.ts';

export const indexMake: Command = {
  name: 'index make',
  summary: "publish a backend's digest index: what it holds, by the names in a folder or listing",
  args: [{ name: '[folder]', description: "the folder that is the backend's root" }],
  options: [
    { flags: '--backend <name>', description: 'the name of the backend in the configuration' },
    { flags: '--url <url>', description: 'the URL of the backend in the configuration' },
    { flags: '--valid-for <duration>', description: 'until then it is believed: `26h`, `2d`' },
    {
      flags: '--blob-path <template>',
      description: 'where the backend keeps a blob',
      default: 'containers/images/{digest}',
    },
    {
      flags: '--listing <file>',
      description:
        'instead of walking a folder: lines `SIZE KEY`, what `aws s3 ls --recursive` or `aws s3api list-objects-v2` printed',
    },
    {
      flags: '--out <dir>',
      description: 'where to write pointer and file; without it `archeion/` in the folder',
    },
    { flags: '--sign <key>', description: 'sign it with this Ed25519 private key, a PEM file' },
    { flags: '--previous', description: 'name the index that this one replaces' },
    { flags: '--json', description: 'print JSON' },
  ],
  examples: [
    {
      line: 'archeion index make /srv/blobs --backend dublin --url https://dublin.example.org --valid-for 26h',
      why: 'for a folder that a web server serves; from cron, daily',
    },
    {
      line: 'archeion index make --listing listing.txt --out ./index --backend dublin --url https://acme.s3.eu-west-1.amazonaws.com --valid-for 26h --sign key.pem',
      why: 'for a bucket, from its listing; upload the file first, the pointer last',
    },
  ],
  async run(input, io) {
    const [{ readSettings, makeIndex }, { timeText }] = await Promise.all([
      import('./index-making.ts'),
      import('../../upstream/digest-index-seal.ts'),
    ]);
    const made = await makeIndex(await readSettings(input), Date.now());
    const { folder, file, blobs, others, validUntil } = made;
    const text = `${folder}/${file}: ${blobs} blobs, ${others} other objects, valid until ${timeText(validUntil)}\n`;
    io.out(input.options['json'] === true ? `${JSON.stringify(made)}\n` : text);
    return EXIT.done;
  },
};
