// SPDX-License-Identifier: Apache-2.0
import { expect, test, vi } from 'vitest';
import { openMetrics } from './metrics.ts';

async function exposed(fill: (metrics: ReturnType<typeof openMetrics>) => void): Promise<string[]> {
  const metrics = openMetrics();
  fill(metrics);
  return (await metrics.expose()).split('\n').filter((line) => line !== '');
}

test('a cell is the same number every time it is asked for, and that is what is exposed', async () => {
  const lines = await exposed((metrics) => {
    const redirects = metrics.counter('redirects_total', 'Redirects.', ['to', 'reason']);
    redirects.cell('dublin', 'nearest').value += 1;
    redirects.cell('dublin', 'nearest').value += 1;
    redirects.cell('nearest', 'dublin').value += 5;
  });
  expect(lines).toEqual([
    '# HELP redirects_total Redirects.',
    '# TYPE redirects_total counter',
    'redirects_total{to="dublin",reason="nearest"} 2',
    'redirects_total{to="nearest",reason="dublin"} 5',
  ]);
});

test('a counter without labels is one number', async () => {
  const lines = await exposed((metrics) => {
    metrics.counter('reloads_total', 'Reloads.').cell().value += 3;
  });
  expect(lines).toContain('reloads_total 3');
});

test('label values are escaped', async () => {
  const lines = await exposed((metrics) => {
    metrics.counter('c_total', 'C.', ['name']).cell('a"b\\c\nd').value += 1;
  });
  expect(lines).toContain('c_total{name="a\\"b\\\\c\\nd"} 1');
});

test('a counter asked for twice counts into one', async () => {
  const lines = await exposed((metrics) => {
    metrics.counter('c_total', 'C.', ['server']).cell('front').value += 1;
    metrics.counter('c_total', 'C.', ['server']).cell('front').value += 1;
  });
  expect(lines.filter((line) => !line.startsWith('#'))).toEqual(['c_total{server="front"} 2']);
});

test('gauges and totals are read when they are exposed, all readings of one name together', async () => {
  let open = 1;
  const metrics = openMetrics();
  metrics.gauge('open', 'Open.', () => [{ labels: { server: 'a' }, value: open }]);
  metrics.gauge('open', 'Open.', () => [{ labels: { server: 'b' }, value: open * 10 }]);
  metrics.total('seen_total', 'Seen.', () => [{ labels: {}, value: open }]);
  open = 2;
  expect((await metrics.expose()).split('\n')).toEqual(
    expect.arrayContaining([
      '# TYPE open gauge',
      'open{server="a"} 2',
      'open{server="b"} 20',
      '# TYPE seen_total counter',
      'seen_total 2',
    ]),
  );
});

test('a histogram is exposed as cumulative buckets, a sum and a count', async () => {
  const lines = await exposed((metrics) => {
    const options = { labelNames: ['backend'], buckets: [0.1, 1] };
    const seconds = metrics.histogram('probe_seconds', 'Probes.', options);
    for (const value of [0.1, 0.5, 3]) seconds.observe(value, 'dublin');
    metrics.histogram('probe_seconds', 'Probes.', options).observe(Number.NaN, 'dublin');
  });
  expect(lines).toEqual([
    '# HELP probe_seconds Probes.',
    '# TYPE probe_seconds histogram',
    'probe_seconds_bucket{backend="dublin",le="0.1"} 1',
    'probe_seconds_bucket{backend="dublin",le="1"} 2',
    'probe_seconds_bucket{backend="dublin",le="+Inf"} 3',
    'probe_seconds_sum{backend="dublin"} 3.6',
    'probe_seconds_count{backend="dublin"} 3',
  ]);
});

test('labels that do not fit their names are a mistake of ours', () => {
  const counter = openMetrics().counter('c_total', 'C.', ['server']);
  expect(() => counter.cell()).toThrow(RangeError);
  expect(() => counter.cell('a', 'b')).toThrow(RangeError);
});

test('one name is one kind of metric', () => {
  const metrics = openMetrics();
  metrics.counter('c_total', 'C.');
  expect(() => metrics.gauge('c_total', 'C.', () => [])).toThrow('is a counter already');
});

test('totals are collected without a gauge being read', () => {
  const metrics = openMetrics();
  const read = vi.fn(() => [{ labels: {}, value: 1 }]);
  metrics.counter('c_total', 'C.').cell().value += 1;
  metrics.histogram('h_seconds', 'H.', { labelNames: [], buckets: [1] });
  metrics.total('t_total', 'T.', () => [{ labels: {}, value: 2 }]);
  metrics.gauge('g', 'G.', read);
  const names = metrics.collect('totals').map(({ name }) => name);
  expect(names).toEqual(['c_total', 'h_seconds', 't_total']);
  expect(read).not.toHaveBeenCalled();
  expect(metrics.collect().map(({ name }) => name)).toEqual([...names, 'g']);
});
