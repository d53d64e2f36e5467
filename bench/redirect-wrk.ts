// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { mustRun } from '../test/support/processes.ts';
import { CLIENT_CPU } from './redirect-site.ts';

export interface WrkRound {
  readonly requestsPerSecond: number;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99: number;
}

export interface WrkTarget {
  readonly path: string;
  readonly address: string;
}

/** Writes a script for wrk that asks for the targets in turn, each as its client. */
export async function writeWrkScript(file: string, targets: readonly WrkTarget[]): Promise<void> {
  const rows = targets.map(({ path, address }) => `  { ${quote(path)}, ${quote(address)} },`);
  const script = `
local targets = {
${rows.join('\n')}
}
local requests, at = {}, 0
function init()
  for index, target in ipairs(targets) do
    requests[index] = wrk.format("GET", target[1], { ["X-Forwarded-For"] = target[2] })
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
`;
  await writeFile(file, script);
}

export interface WrkLoad {
  readonly url: string;
  readonly seconds: number;
  /** What to ask for, as `writeWrkScript` writes it; without it the URL alone. */
  readonly script?: string;
  readonly connections?: number;
  /** A line of its own, name and value. */
  readonly header?: string;
}

/** One round of load from a processor of its own. A round with errors is no measurement. */
export async function runWrk(load: WrkLoad): Promise<WrkRound> {
  const { url, seconds, script, header, connections = 64 } = load;
  const asked = script === undefined ? [] : ['-s', script];
  const sent = header === undefined ? [] : ['-H', header];
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...asked, ...sent, url];
  const text = await mustRun('taskset', ['-c', CLIENT_CPU, 'wrk', ...options]);
  if (/Socket errors|Non-2xx/.test(text)) throw new Error(`wrk met errors: ${text}`);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p99: milliseconds(/\b99%\s+([\d.]+)(us|ms|s)\b/.exec(text)),
  };
}

function milliseconds(match: RegExpExecArray | null): number {
  const factor = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ''] ?? NaN;
  return Number(match?.[1]) * factor;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
