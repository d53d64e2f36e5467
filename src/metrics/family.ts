// SPDX-License-Identifier: Apache-2.0

/** One number. Labels never hold a repository, a digest or an address. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of the samples of a histogram: the family's name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** What the same number of several processes comes to. */
export type Across = 'sum' | 'max' | 'min';

/** A metric at one moment, with all its labels. A JSON value: processes send it to each other. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: FamilyType;
  readonly across: Across;
  readonly samples: readonly Sample[];
}

/** Those that never go down, while their process lives. */
export function isTotal({ type }: Pick<MetricFamily, 'type'>): boolean {
  return type !== 'gauge';
}

/** From another process. What is no family, or no sample, is left out. */
export function parseFamilies(value: unknown): readonly MetricFamily[] {
  return listOf(value).flatMap((one) => {
    const { name, help, type, across, samples } = fieldsOf(one);
    if (typeof name !== 'string' || typeof help !== 'string') return [];
    if (!isType(type) || !isAcross(across)) return [];
    return [{ name, help, type, across, samples: listOf(samples).flatMap(parseSample) }];
  });
}

function parseSample(one: unknown): Sample[] {
  const { labels, value, metricName } = fieldsOf(one);
  if (typeof value !== 'number') return [];
  const texts = Object.entries(fieldsOf(labels)).map(([name, text]) => [name, String(text)]);
  const sample = { labels: Object.fromEntries(texts), value };
  return [typeof metricName === 'string' ? { ...sample, metricName } : sample];
}

function isType(value: unknown): value is FamilyType {
  return value === 'counter' || value === 'gauge' || value === 'histogram';
}

function isAcross(value: unknown): value is Across {
  return value === 'sum' || value === 'max' || value === 'min';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
