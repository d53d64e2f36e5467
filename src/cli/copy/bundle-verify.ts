// SPDX-License-Identifier: Apache-2.0
import type { BundleReport } from '../../mirror/images/verify-bundle.ts';
import { type Command, EXIT } from '../command.ts';
import { sizeText } from '../size-text.ts';
import { OUTPUT_OPTIONS } from './copy-options.ts';

export const bundleVerify: Command = {
  name: 'bundle verify',
  summary: 'check every byte of a bundle, without a network',
  args: [{ name: '<file>', description: 'the bundle' }],
  options: OUTPUT_OPTIONS,
  examples: [
    { line: 'archeion bundle verify site.tar --json', why: 'what is in it, for a script' },
  ],
  async run(input, io) {
    const [file = ''] = input.args;
    const { openBundle } = await import('./open-bundle.ts');
    const { report, close } = await openBundle(file, io.stop);
    try {
      for (const problem of report.problems) io.err(`${file}: ${problem}\n`);
      io.out(input.options['json'] === true ? `${JSON.stringify(report)}\n` : textOf(file, report));
      return report.problems.length === 0 ? EXIT.done : EXIT.refused;
    } finally {
      await close();
    }
  },
};

function textOf(file: string, { images, manifests, blobs, bytes, problems }: BundleReport): string {
  const state = problems.length === 0 ? 'whole' : `${problems.length} problems`;
  const lines = [
    ...images.map(({ name, digest, platforms }) => [name, digest, ...platforms].join(' ')),
    `${file}: ${state}; ${manifests} manifests and ${blobs} blobs, ${sizeText(bytes)}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
