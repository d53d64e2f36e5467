// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { signedHeaders } from './aws-signature.ts';

const key = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

/** The example that the documentation of AWS works through. */
const EXAMPLE = {
  url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
  method: 'GET',
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  body: '',
  service: 'iam',
  region: 'us-east-1',
  at: Date.UTC(2015, 7, 30, 12, 36, 0),
} as const;

test('the example of AWS is signed as AWS says', () => {
  expect(signedHeaders(EXAMPLE, key)).toEqual({
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: 'iam.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, ' +
      'SignedHeaders=content-type;host;x-amz-date, ' +
      'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  });
});

test('the token of a temporary key is signed, too, and the secret is nowhere', () => {
  const headers = signedHeaders(EXAMPLE, { ...key, sessionToken: 'temporary' });
  expect(headers['x-amz-security-token']).toBe('temporary');
  expect(headers['authorization']).toContain('host;x-amz-date;x-amz-security-token');
  expect(JSON.stringify(headers)).not.toContain(key.secretAccessKey);
});
