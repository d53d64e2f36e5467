// SPDX-License-Identifier: Apache-2.0
import { isTotal, type MetricFamily, parseFamilies } from '../../metrics/family.ts';
import { mergeFamilies } from '../../metrics/merge.ts';
import type { Metrics } from '../../metrics.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What a worker may take to report, in milliseconds. */
const PATIENCE = 1_000;

/** What the workers have counted, as one: the dead included, or totals would go back. */
export interface WorkerReports {
  /** From now on this process is asked too. */
  follow(process: WorkerProcess): void;
  /** Asks all of them. Of one that does not answer in time there is what it had counted when it last did. */
  collect(): Promise<readonly MetricFamily[]>;
  /** Takes note of the totals, so that little is lost when one dies. */
  note(): Promise<void>;
}

type Report = readonly MetricFamily[];

export function workerReports(
  listening: () => readonly WorkerProcess[],
  metrics: Pick<Metrics, 'gauge'>,
): WorkerReports {
  /** The totals that each process of now last reported. */
  const noted = new Map<WorkerProcess, Report>();
  let ofTheDead: Report = [];
  let silent = 0;
  const help = 'Workers that did not report to this scrape in time: what they count is of before.';
  metrics.gauge('archeion_workers_silent', help, () => [{ labels: {}, value: silent }]);

  async function ask(which: 'all' | 'totals'): Promise<ReadonlyMap<WorkerProcess, Report>> {
    const reports = new Map<WorkerProcess, Report>();
    const askOne = async (worker: WorkerProcess) => {
      const answer = await worker.ask({ kind: 'report', which }, PATIENCE);
      // It may have ended meanwhile, and is one of the dead already.
      if (answer.kind !== 'done' || !noted.has(worker)) return;
      const report = parseFamilies(answer.value);
      reports.set(worker, report);
      noted.set(worker, report.filter(isTotal));
    };
    const asked = listening();
    await Promise.all(asked.map(askOne));
    silent = asked.filter((worker) => noted.has(worker) && !reports.has(worker)).length;
    return reports;
  }

  return {
    follow(process) {
      noted.set(process, []);
      process.onEnd(() => {
        ofTheDead = mergeFamilies([ofTheDead, noted.get(process) ?? []]);
        noted.delete(process);
      });
    },
    async collect() {
      const reports = await ask('all');
      const living = Array.from(noted, ([worker, totals]) => reports.get(worker) ?? totals);
      return mergeFamilies([ofTheDead, ...living]);
    },
    async note() {
      await ask('totals');
    },
  };
}
