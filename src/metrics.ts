// SPDX-License-Identifier: Apache-2.0
import {
  type Across,
  type FamilyType,
  isTotal,
  type MetricFamily,
  type Sample,
} from './metrics/family.ts';
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

export type { Sample } from './metrics/family.ts';

/** Called at scrape time. */
export type ReadSamples = () => Iterable<Sample>;

/** A reading of which several processes have to be put together otherwise than by adding. */
export interface GaugeReading {
  readonly read: ReadSamples;
  readonly across: Across;
}

/**
 * The metrics of one process. Asking twice for a counter or histogram of one name gives the same one, and
 * readings of one name are put together, so that two servers can count into one metric.
 */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  histogram(name: string, help: string, options: HistogramOptions): Histogram;
  /** A value that goes up and down, read when somebody scrapes. Of several processes it is the sum, unless it says otherwise. */
  gauge(name: string, help: string, reading: ReadSamples | GaugeReading): void;
  /** Like a gauge, for a number counted elsewhere that never goes down. */
  total(name: string, help: string, read: ReadSamples): void;
  /** Everything, or what never goes down: reading a gauge may begin it anew. */
  collect(which?: 'all' | 'totals'): readonly MetricFamily[];
  /** Everything, in the Prometheus text format (version 0.0.4). */
  expose(): Promise<string>;
}

interface Family {
  readonly type: FamilyType;
  readonly help: string;
  readonly across: Across;
  readonly reads: ReadonlyArray<ReadSamples>;
}

/** Counted in plain numbers: prom-client's own counter and histogram cost a tenth of the front's rate. */
export function openMetrics(): Metrics {
  const families = new Map<string, Family>();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();

  function add(name: string, { reads, ...family }: Family): void {
    const { type } = family;
    const existing = families.get(name);
    if (existing !== undefined && existing.type !== type) {
      throw new Error(`metric "${name}" is a ${existing.type} already`);
    }
    families.set(name, { ...family, reads: [...(existing?.reads ?? []), ...reads] });
  }

  function collect(which: 'all' | 'totals' = 'all'): readonly MetricFamily[] {
    const wanted = [...families].filter(([, family]) => which === 'all' || isTotal(family));
    return wanted.map(([name, { reads, ...family }]) => ({
      name,
      ...family,
      samples: reads.flatMap((read) => Array.from(read())),
    }));
  }

  return {
    counter(name, help, labelNames = []) {
      const existing = counters.get(name);
      if (existing !== undefined) return existing;
      const cells = labelTree<Cell>(labelNames, () => ({ value: 0 }));
      const read = () =>
        Array.from(cells.entries(), ({ labels, value }) => ({ labels, value: value.value }));
      add(name, { type: 'counter', help, across: 'sum', reads: [read] });
      const counter: Counter = { cell: (...labels) => cells.at(labels) };
      counters.set(name, counter);
      return counter;
    },
    histogram(name, help, options) {
      const existing = histograms.get(name);
      if (existing !== undefined) return existing;
      const histogram = openHistogram(name, options);
      add(name, { type: 'histogram', help, across: 'sum', reads: [histogram.read] });
      histograms.set(name, histogram);
      return histogram;
    },
    gauge(name, help, reading) {
      const { read, across } =
        typeof reading === 'function' ? { read: reading, across: 'sum' as const } : reading;
      add(name, { type: 'gauge', help, across, reads: [read] });
    },
    total: (name, help, read) => add(name, { type: 'counter', help, across: 'sum', reads: [read] }),
    collect,
    expose: () => exposition(collect()),
  };
}

/** prom-client is loaded by the first scrape: it takes longer to load than everything else the front needs. */
export async function exposition(families: readonly MetricFamily[]): Promise<string> {
  const { Gauge, Registry } = (await import('prom-client')).default;
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    const metric = new Gauge({ name, help, registers: [registry] });
    // It has no door for numbers counted elsewhere, but formats whatever `get` of a metric gives.
    Object.assign(metric, { get: async () => ({ name, help, type, values: samples }) });
  }
  return registry.metrics();
}
