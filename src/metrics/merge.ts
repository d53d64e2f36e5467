// SPDX-License-Identifier: Apache-2.0
import type { Across, MetricFamily, Sample } from './family.ts';

/**
 * The metrics of several processes as those of one, by name and labels. What a name is, the first who has it
 * says: of another type, or for another kind of merging, nothing can be added to it.
 */
export function mergeFamilies(
  groups: ReadonlyArray<readonly MetricFamily[]>,
): readonly MetricFamily[] {
  const merged = new Map<string, Merging>();
  for (const family of groups.flat()) {
    const known = merged.get(family.name);
    if (known === undefined) merged.set(family.name, { family, samples: addTo(new Map(), family) });
    else if (known.family.type === family.type)
      addTo(known.samples, { ...family, across: known.family.across });
  }
  return Array.from(merged.values(), ({ family, samples }) => ({
    ...family,
    samples: [...samples.values()],
  }));
}

type Samples = Map<string, Sample>;

interface Merging {
  readonly family: MetricFamily;
  readonly samples: Samples;
}

function addTo(into: Samples, { samples, across }: MetricFamily): Samples {
  for (const sample of samples) {
    const key = keyOf(sample);
    const known = into.get(key);
    const value = known === undefined ? sample.value : COMBINED[across](known.value, sample.value);
    into.set(key, { ...sample, value });
  }
  return into;
}

const COMBINED: Readonly<Record<Across, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
};

/** Whatever order its labels are in. */
function keyOf({ metricName, labels }: Sample): string {
  return JSON.stringify([metricName, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
