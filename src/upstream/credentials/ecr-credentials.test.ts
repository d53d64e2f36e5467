// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { ecrServiceOf } from './ecr-credentials.ts';

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'api.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
  [
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    'api.ecr.cn-north-1.amazonaws.com.cn',
    'cn-north-1',
  ],
  ['123456789012.dkr-ecr.eu-west-1.on.aws', 'api.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['public.ecr.aws', 'api.ecr-public.us-east-1.amazonaws.com', 'us-east-1'],
])('%s is asked for at %s', (registry, host, region) => {
  expect(ecrServiceOf(registry, undefined)).toMatchObject({ host, region });
});

test('a region that is given is taken, and without one a name of ones own says nothing', () => {
  expect(ecrServiceOf('registry.example', 'eu-west-1')?.host).toBe(
    'api.ecr.eu-west-1.amazonaws.com',
  );
  expect(ecrServiceOf('registry.example', undefined)).toBeUndefined();
  expect(
    ecrServiceOf('123456789012.dkr.ecr.eu.amazonaws.com.evil.example', undefined),
  ).toBeUndefined();
});
