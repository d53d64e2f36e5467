// SPDX-License-Identifier: Apache-2.0
import { type Histogram, type HistogramOptions, openHistogram } from './metrics/histogram.ts';
import { labelTree } from './metrics/label-tree.ts';

/** A number that is counted up in place: `cell.value += 1` is all that a request pays. */
export interface Cell {
  value: number;
}

export interface Counter {
  /** The cell of these label values, in the order of the label names; always the same one. */
  cell(...labels: readonly string[]): Cell;
}

/** One number read at scrape time. Labels never hold a repository, a digest or an address. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type ReadSamples = () => Iterable<Sample>;

/**
 * The metrics of one process. Asking twice for a counter or histogram of one name gives the same one, and
 * readings of one name are put together, so that two servers can count into one metric.
 */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  histogram(name: string, help: string, options: HistogramOptions): Histogram;
  /** A value that goes up and down, read when somebody scrapes. */
  gauge(name: string, help: string, read: ReadSamples): void;
  /** Like a gauge, for a number counted elsewhere that never goes down. */
  total(name: string, help: string, read: ReadSamples): void;
  /** Everything, in the Prometheus text format (version 0.0.4). */
  expose(): Promise<string>;
}

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly reads: ReadonlyArray<ReadSamples>;
}

/** Counted in plain numbers: prom-client's own counter and histogram cost a tenth of the front's rate. */
export function openMetrics(): Metrics {
  const families = new Map<string, Family>();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();

  function add(name: string, { type, help, reads }: Family): void {
    const existing = families.get(name);
    if (existing !== undefined && existing.type !== type) {
      throw new Error(`metric "${name}" is a ${existing.type} already`);
    }
    families.set(name, { type, help, reads: [...(existing?.reads ?? []), ...reads] });
  }

  return {
    counter(name, help, labelNames = []) {
      const existing = counters.get(name);
      if (existing !== undefined) return existing;
      const cells = labelTree<Cell>(labelNames, () => ({ value: 0 }));
      const read = () =>
        Array.from(cells.entries(), ({ labels, value }) => ({ labels, value: value.value }));
      add(name, { type: 'counter', help, reads: [read] });
      const counter: Counter = { cell: (...labels) => cells.at(labels) };
      counters.set(name, counter);
      return counter;
    },
    histogram(name, help, options) {
      const existing = histograms.get(name);
      if (existing !== undefined) return existing;
      const histogram = openHistogram(name, options);
      add(name, { type: 'histogram', help, reads: [histogram.read] });
      histograms.set(name, histogram);
      return histogram;
    },
    gauge: (name, help, read) => add(name, { type: 'gauge', help, reads: [read] }),
    total: (name, help, read) => add(name, { type: 'counter', help, reads: [read] }),
    expose: () => exposition(families),
  };
}

/** prom-client is loaded by the first scrape: it takes longer to load than everything else the front needs. */
async function exposition(families: ReadonlyMap<string, Family>): Promise<string> {
  const { Gauge, Registry } = (await import('prom-client')).default;
  const registry = new Registry();
  for (const [name, { type, help, reads }] of families) {
    const metric = new Gauge({ name, help, registers: [registry] });
    // It has no door for numbers counted elsewhere, but formats whatever `get` of a metric gives.
    const values = reads.flatMap((read) => Array.from(read()));
    Object.assign(metric, { get: async () => ({ name, help, type, values }) });
  }
  return registry.metrics();
}
