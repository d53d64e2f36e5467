// SPDX-License-Identifier: Apache-2.0
import {
  type DigestIndexHeader,
  readDigestIndex,
  recordsIn,
} from '../../core/digest-index/digest-index-file.ts';
import { isWhole, timeText } from '../../upstream/digest-index-seal.ts';
import type { LocatedIndex } from './index-location.ts';

/** What `index show` tells. A JSON value. */
export interface IndexReport extends DigestIndexHeader {
  /** Bytes of the file. */
  readonly fileSize: number;
  /** Bytes of all blobs together. */
  readonly blobSize: number;
  readonly checksum: string;
  readonly isWhole: boolean;
  readonly isValid: boolean;
  readonly isSigned: boolean;
}

/** A text when it is no index: what is wrong with it. */
export function indexReport({ bytes }: LocatedIndex, now: number): IndexReport | string {
  const read = readDigestIndex(bytes);
  if (!read.ok) return read.problem;
  const { file } = read;
  let blobSize = 0;
  for (const { size } of recordsIn(file)) blobSize += size;
  return {
    ...file.header,
    fileSize: bytes.length,
    blobSize,
    checksum: `sha256:${Buffer.from(file.checksum).toString('hex')}`,
    isWhole: isWhole(file),
    isValid: now < file.header.validUntil,
    isSigned: file.signature !== undefined,
  };
}

export function reportText(report: IndexReport): string {
  const lines = [
    ['backend', `${report.backend} at ${report.url}`],
    ['made', timeText(report.createdAt)],
    ['valid until', `${timeText(report.validUntil)}${report.isValid ? '' : ', which is over'}`],
    ['blobs', `${report.sha256} by sha256, ${report.sha512} by sha512; ${report.blobSize} bytes`],
    ['checksum', `${report.checksum}${report.isWhole ? '' : ', which is wrong'}`],
    ['signature', report.isSigned ? 'Ed25519; `index check` tells whose' : 'none'],
    ['previous', report.previous ?? 'none named'],
  ];
  return lines.map(([label = '', text = '']) => `${label.padEnd(12)} ${text}\n`).join('');
}
