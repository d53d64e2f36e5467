// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { complaintsIn, summaryOf, verdictsIn } from './program-report.ts';

const dotted = (name: string, value: string | number) =>
  `  ${name.padEnd(30, '.')}: ${String(value).padStart(10)}`;

/** In the form of the program's report, with results that we made up. */
const REPORT = [
  'Test results',
  'Test: FAIL',
  '  Test/ping: Pass',
  '  Test/image: FAIL',
  '    Test/image/push: FAIL',
  '     - unexpected status code',
  '    Test/image/pull: Skip',
  '     - not supported',
  '    Test/image/delete: Disabled',
  '',
  'OCI Conformance Result: FAIL',
  dotted('Disabled', 1),
  dotted('Skip', 2),
  dotted('Pass', 345),
  dotted('FAIL', 6),
  dotted('Error', 0),
  dotted('Total', 354),
  '',
  'API conformance:',
  dotted('Blob push', 'Pass'),
  '',
].join('\n');

test('the verdicts are counted as the summary counts them', () => {
  expect(verdictsIn(REPORT)).toEqual({ Pass: 345, Skip: 2, FAIL: 6, Error: 0 });
});

test('a run that never came to an end has no verdicts, and none of them is 0', () => {
  const none = { Pass: Number.NaN, Skip: Number.NaN, FAIL: Number.NaN, Error: Number.NaN };
  expect(verdictsIn('failed to load config')).toEqual(none);
  expect(complaintsIn('failed to load config')).toEqual([]);
});

test('the summary begins with the overall result', () => {
  expect(summaryOf(REPORT)).toMatch(/^OCI Conformance Result: FAIL\n {2}Disabled/);
});

test('what was skipped or failed is told with its reason, and what passed is not', () => {
  expect(complaintsIn(REPORT)).toEqual([
    'Test: FAIL',
    'Test/image: FAIL',
    'Test/image/push: FAIL',
    '- unexpected status code',
    'Test/image/pull: Skip',
    '- not supported',
  ]);
});
