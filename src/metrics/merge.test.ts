// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { openMetrics } from '../metrics.ts';
import { type MetricFamily, parseFamilies } from './family.ts';
import { mergeFamilies } from './merge.ts';

/** Of a process of its own, and sent from there. */
function familiesOf(
  fill: (metrics: ReturnType<typeof openMetrics>) => void,
): readonly MetricFamily[] {
  const metrics = openMetrics();
  fill(metrics);
  return parseFamilies(JSON.parse(JSON.stringify(metrics.collect())));
}

function redirects(...by: readonly string[]): readonly MetricFamily[] {
  return familiesOf((metrics) => {
    const counter = metrics.counter('redirects_total', 'Redirects.', ['by']);
    for (const name of by) counter.cell(name).value += 1;
  });
}

test('counters are added by their labels', () => {
  const merged = mergeFamilies([redirects('a', 'a', 'b'), redirects(), redirects('a', 'c')]);
  expect(merged).toEqual([
    {
      name: 'redirects_total',
      help: 'Redirects.',
      type: 'counter',
      across: 'sum',
      samples: [
        { labels: { by: 'a' }, value: 3 },
        { labels: { by: 'b' }, value: 1 },
        { labels: { by: 'c' }, value: 1 },
      ],
    },
  ]);
});

test('merging one process changes nothing, and merging none gives nothing', () => {
  expect(mergeFamilies([redirects('a')])).toEqual(redirects('a'));
  expect(mergeFamilies([])).toEqual([]);
});

test('the parts of a histogram are added each for itself', () => {
  const observed = (...values: readonly number[]) =>
    familiesOf((metrics) => {
      const options = { labelNames: ['backend'], buckets: [1] };
      const seconds = metrics.histogram('probe_seconds', 'Probes.', options);
      for (const value of values) seconds.observe(value, 'dublin');
    });
  const [family] = mergeFamilies([observed(0.5, 3), observed(0.25)]);
  expect(family?.samples).toEqual([
    { metricName: 'probe_seconds_bucket', labels: { backend: 'dublin', le: '1' }, value: 2 },
    { metricName: 'probe_seconds_bucket', labels: { backend: 'dublin', le: '+Inf' }, value: 3 },
    { metricName: 'probe_seconds_sum', labels: { backend: 'dublin' }, value: 3.75 },
    { metricName: 'probe_seconds_count', labels: { backend: 'dublin' }, value: 3 },
  ]);
});

test.each([
  ['sum', 7],
  ['max', 5],
  ['min', 2],
] as const)('a gauge may be the %s of all', (across, value) => {
  const gauge = (reading: number) =>
    familiesOf((metrics) =>
      metrics.gauge('g', 'G.', { across, read: () => [{ labels: {}, value: reading }] }),
    );
  expect(mergeFamilies([gauge(5), gauge(2)])[0]?.samples).toEqual([{ labels: {}, value }]);
});

test('a gauge is added when it says nothing', () => {
  const open = familiesOf((metrics) => metrics.gauge('g', 'G.', () => [{ labels: {}, value: 2 }]));
  expect(mergeFamilies([open, open])[0]?.samples).toEqual([{ labels: {}, value: 4 }]);
});

test('labels are the same in any order', () => {
  const family = (labels: Readonly<Record<string, string>>): MetricFamily => ({
    ...{ name: 'c_total', help: 'C.', type: 'counter', across: 'sum' },
    samples: [{ labels, value: 1 }],
  });
  const merged = mergeFamilies([[family({ a: '1', b: '2' })], [family({ b: '2', a: '1' })]]);
  expect(merged[0]?.samples).toEqual([{ labels: { b: '2', a: '1' }, value: 2 }]);
});

test('what is another thing under the same name is left out', () => {
  const gauge = familiesOf((metrics) =>
    metrics.gauge('redirects_total', 'Another.', () => [{ labels: { by: 'a' }, value: 9 }]),
  );
  expect(mergeFamilies([redirects('a'), gauge])).toEqual(redirects('a'));
});

test('what is no family is left out, and so is what is no sample', () => {
  const good = { name: 'c_total', help: 'C.', type: 'counter', across: 'sum' };
  const samples = [{ labels: { a: 1 }, value: 2 }, { labels: {} }, 7];
  expect(parseFamilies([{ ...good, samples }, { ...good, type: 'x' }, { name: 1 }, null])).toEqual([
    { ...good, samples: [{ labels: { a: '1' }, value: 2 }] },
  ]);
  expect(parseFamilies({ ...good, across: 'mean' })).toEqual([]);
  expect(parseFamilies([{ ...good, across: 'mean' }, { ...good }])).toEqual([
    { ...good, samples: [] },
  ]);
});
