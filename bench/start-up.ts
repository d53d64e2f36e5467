// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type BenchSite, openBenchSite, SERVER_CPU } from './redirect-site.ts';
import { type BenchResult, median, runAlone } from './result.ts';

const STARTS = 20;
const GIVE_UP_AFTER = 10_000;

/** From the start of the process to its first 200, with the cloud ranges read from disk. */
export async function benchStartUp(): Promise<readonly BenchResult[]> {
  const site = await openBenchSite();
  try {
    const times: number[] = [];
    for (let start = 0; start < STARTS; start++) times.push(await timeOneStart(site));
    return [
      { metric: 'start-up, median of 20', measured: median(times), unit: 'ms', atMost: 300 },
      { metric: 'start-up, slowest of 20', measured: Math.max(...times), unit: 'ms' },
    ];
  } finally {
    await site.stop();
  }
}

async function timeOneStart({ command, url }: BenchSite): Promise<number> {
  const started = performance.now();
  const child = spawn('taskset', ['-c', SERVER_CPU, ...command], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    const port = Number(new URL(url).port);
    while (!(await answersOk(port))) {
      if (child.exitCode !== null || performance.now() - started > GIVE_UP_AFTER) {
        throw new Error(`"${command.join(' ')}" did not come up`);
      }
      await delay(1);
    }
    return performance.now() - started;
  } finally {
    child.kill();
    await ended;
  }
}

/** Asks over a plain socket: a client library would add its own first-request cost to ours. */
function answersOk(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => socket.write('GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    socket.on('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1').startsWith('HTTP/1.1 200'));
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}

if (import.meta.main) await runAlone(benchStartUp);
