// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Finding } from '../../registry/verify/finding.ts';
import { pathOfKey } from '../../storage/filesystem/filesystem-keys.ts';
import { strayFiles } from '../../storage/filesystem/filesystem-strays.ts';
import { openJsonList } from '../json-list.ts';
import type { Progress } from '../progress-lines.ts';
import { sizeText } from '../size-text.ts';

/** A finding with the file it is about. */
export interface FileFinding extends Omit<Finding, 'key'> {
  /** Undefined for a file that is no object. */
  readonly key?: string;
  /** Undefined for an object that is no file. */
  readonly file?: string;
}

/** Findings of a registry, in a folder or not; with `strays` those about files that no key leads to come last. */
export async function* findingsIn(
  folder: string | undefined,
  findings: AsyncIterable<Finding>,
  strays: boolean,
): AsyncGenerator<FileFinding, void, undefined> {
  if (folder === undefined) return yield* findings;
  for await (const finding of findings) yield { ...finding, file: fileOfKey(folder, finding.key) };
  if (!strays) return;
  for await (const { path, kind } of strayFiles(folder)) {
    const problem = `a ${kind} that no registry has`;
    const advice = 'find out who put it here; remove it';
    yield { severity: 'damage', file: join(folder, path), problem, advice };
  }
}

function fileOfKey(root: string, key: string): string {
  const { folder, file } = pathOfKey(key);
  return join(root, folder, file);
}

export interface FindingsPorts {
  readonly isJson: boolean;
  readonly progress: () => Progress;
  readonly out: (text: string) => void;
}

/** Prints findings as they come, and what they amount to. Returns how many of them are damage. */
export async function printFindings(
  findings: AsyncIterable<FileFinding>,
  { isJson, progress, out }: FindingsPorts,
): Promise<number> {
  const list = isJson ? openJsonList(out, 'findings') : undefined;
  let [problems, notes] = [0, 0];
  for await (const finding of findings) {
    if (finding.severity === 'damage') problems += 1;
    else notes += 1;
    if (list === undefined) out(textOf(finding));
    else list.add(finding);
  }
  const sum = { ...progress(), problems, notes };
  if (list === undefined) out(summaryOf(sum));
  else list.end({ ...sum, whole: problems === 0 });
  return problems;
}

function textOf({ severity, key, file, problem, advice }: FileFinding): string {
  const where = file === undefined ? '' : `  file: ${file}\n`;
  return `${severity}: ${key ?? file}: ${problem}\n${where}  do: ${advice}\n`;
}

interface Sum extends Progress {
  readonly problems: number;
  readonly notes: number;
}

function summaryOf({ objects, bytes, problems, notes }: Sum): string {
  const outcome = problems === 0 ? 'whole' : `${problems} damaged`;
  return `${objects} objects and ${sizeText(bytes)} checked: ${outcome}${notes > 0 ? `, ${notes} notes` : ''}\n`;
}
