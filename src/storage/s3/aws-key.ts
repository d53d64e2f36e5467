// SPDX-License-Identifier: Apache-2.0
import { S3Client } from '@aws-sdk/client-s3';
import type { S3Credentials } from './s3-client.ts';

/**
 * What the AWS SDK finds: variables, files, the role of the machine. Asked through the one client of it that is here;
 * the SDK keeps what it found until that is about to end.
 */
export function awsKeyFinder(region: string): () => Promise<S3Credentials> {
  const client = new S3Client({ region });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  };
}
