// SPDX-License-Identifier: Apache-2.0
import { labelTree } from './label-tree.ts';

/** For what happens seldom: it walks the buckets on every call. */
export interface Histogram {
  observe(value: number, ...labels: readonly string[]): void;
}

export interface HistogramOptions {
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending; one above all of them is added. */
  readonly buckets: readonly number[];
}

export interface HistogramSample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Series {
  readonly counts: number[];
  sum: number;
}

export interface ReadableHistogram extends Histogram {
  /** As the text format wants it: cumulative `_bucket` samples, then `_sum` and `_count`. */
  read(): readonly HistogramSample[];
}

export function openHistogram(name: string, options: HistogramOptions): ReadableHistogram {
  const { labelNames, buckets } = options;
  const bounds = [...buckets, Number.POSITIVE_INFINITY];
  const series = labelTree<Series>(labelNames, () => ({ counts: bounds.map(() => 0), sum: 0 }));
  return {
    observe(value, ...labels) {
      const one = series.at(labels);
      const bucket = bounds.findIndex((bound) => value <= bound);
      if (bucket < 0) return; // not a number
      one.counts[bucket] = (one.counts[bucket] ?? 0) + 1;
      one.sum += value;
    },
    read: () =>
      Array.from(series.entries()).flatMap(({ labels, value }) =>
        samplesOf({ name, labels, bounds, series: value }),
      ),
  };
}

interface NamedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  readonly series: Series;
}

function samplesOf({ name, labels, bounds, series }: NamedSeries): readonly HistogramSample[] {
  let total = 0;
  const cumulative = bounds.map((bound, index) => {
    total += series.counts[index] ?? 0;
    const le = Number.isFinite(bound) ? String(bound) : '+Inf';
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels, value: series.sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
