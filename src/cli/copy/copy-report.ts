// SPDX-License-Identifier: Apache-2.0
import { type CommandIo, EXIT, type ExitCode } from '../command.ts';
import { sizeText } from '../size-text.ts';
import type { CopyResult } from './copy-all.ts';
import type { CopyOptions } from './copy-options.ts';
import type { ImagePlace } from './image-place.ts';

export interface Reported extends Pick<CopyOptions, 'isDry' | 'isJson'> {
  readonly place: ImagePlace;
}

/** Says what was done, and what that is worth as an exit code. */
export function reportCopy(
  result: CopyResult,
  { isDry, isJson, place }: Reported,
  io: Pick<CommandIo, 'out' | 'err'>,
): ExitCode {
  for (const { target, problem } of result.failed) io.err(`${target}: ${problem}\n`);
  io.out(isJson ? `${JSON.stringify(result)}\n` : textOf(result, isDry));
  if (result.failed.length > 0) {
    if (place.kind === 'archive') {
      io.err(
        `"${place.path}" was not made: what it needs is kept beside it for the next attempt\n`,
      );
      return EXIT.failed;
    }
    return result.images.length > 0 ? EXIT.partlyFailed : EXIT.failed;
  }
  const isMissing = result.manifests + result.blobs > 0;
  return isDry && isMissing ? EXIT.changesPending : EXIT.done;
}

function textOf(result: CopyResult, isDry: boolean): string {
  const { manifests, blobs, bytes, mounted, skipped } = result;
  const verb = isDry ? 'to be copied' : 'copied';
  const mounts = mounted === 0 ? '' : `, ${mounted} mounted`;
  const lines = [
    ...result.images.map(({ target, digest }) => `${target} ${digest}`),
    `${manifests} manifests and ${blobs} blobs ${verb}, ${sizeText(bytes)}${mounts}; ${skipped} were there already`,
    ...result.foreign.map((digest) => `left out, to be had from elsewhere: ${digest}`),
    ...(result.failed.length === 0 ? [] : [`failed: ${result.failed.length}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
