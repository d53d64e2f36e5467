// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { HttpUrl, Name } from '../../config/values.ts';
import { type DigestIndexFile, recordsIn } from '../../core/digest-index/digest-index-file.ts';
import { openDigestIndex, parseKey, timeText } from '../../upstream/digest-index-seal.ts';
import { type CommandInput, optionText, UsageError } from '../command.ts';
import { blobsAmong, listFolder, readBlobPath } from './index-folder.ts';
import { locateIndex } from './index-location.ts';
import { required } from './index-making.ts';

export interface CheckedIndex {
  readonly problems: readonly string[];
  /** What was found in order, for people. */
  readonly summary: string;
}

/** So many missing blobs are named; the rest is a number. */
const NAMED = 5;

/** @throws UsageError */
export async function checkIndex(
  input: CommandInput,
  against: string | undefined,
  now: number,
): Promise<CheckedIndex> {
  const expected = {
    backend: required(input, 'backend', Name),
    url: required(input, 'url', HttpUrl),
    publicKey: await readPublicKey(optionText(input, 'publicKey')),
    now,
  };
  const { bytes, pointer } = await locateIndex(input.args[0] ?? '');
  const opened = openDigestIndex(bytes, expected);
  if (!opened.ok) return { problems: [opened.problem], summary: '' };
  const { file } = opened;
  const checksum = `sha256:${Buffer.from(file.checksum).toString('hex')}`;
  if (pointer !== undefined && (pointer.size !== bytes.length || pointer.checksum !== checksum)) {
    return { problems: ['its size or checksum is not the one of its pointer'], summary: '' };
  }
  const { sha256, sha512, validUntil } = file.header;
  const summary = `ok: ${sha256 + sha512} blobs, valid until ${timeText(validUntil)}`;
  if (against === undefined) return { problems: [], summary };
  const path = readBlobPath(optionText(input, 'blobPath') ?? '');
  const { problems, more } = compare(file, blobsAmong(await listFolder(against), path).blobs);
  return { problems, summary: `${summary}; ${more} blobs of "${against}" are not in it yet` };
}

async function readPublicKey(file: string | undefined) {
  if (file === undefined) return undefined;
  const key = parseKey('public', await readFile(file, 'utf8'));
  if (key === undefined) throw new UsageError(`"${file}" is no Ed25519 key in PEM`);
  return key;
}

/** What the index has and the folder lacks fails pulls; the other way round costs only a longer way. */
function compare(file: DigestIndexFile, blobs: ReturnType<typeof blobsAmong>['blobs']) {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest.slice(0, 27), size]));
  const problems: string[] = [];
  let matching = 0;
  for (const { algorithm, hex, size } of recordsIn(file)) {
    const found = sizes.get(`${algorithm}:${hex}`);
    if (found !== undefined) matching += 1;
    if (found === size) continue;
    const what = found === undefined ? 'is not there' : `has ${found} bytes, and not ${size}`;
    problems.push(`${algorithm}:${hex}… ${what}`);
  }
  const rest = problems.length - NAMED;
  const named = problems.slice(0, NAMED);
  const shown = rest > 0 ? [...named, `and ${rest} more like these`] : named;
  return { problems: shown, more: sizes.size - matching };
}
