// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { s3Driver } from '../../src/storage/s3/s3.ts';
import type { S3Options } from '../../src/storage/s3/s3-client.ts';
import { freePortBase, waitForHttp } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { goTool } from './go-tools.ts';

/** A server that speaks S3, with accounts of its own. */
export interface S3Server {
  readonly url: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A new bucket, as a driver is told of it. */
  bucket(name?: string): Promise<S3Options>;
  readonly running: RunningProcess;
}

/** Each driver with a bucket of its own; every other one has a prefix. */
export function driversOf(start: () => Promise<S3Server>): () => Promise<StorageDriver> {
  let server: Promise<S3Server> | undefined;
  let count = 0;
  return async () => {
    server ??= start();
    const options = await (await server).bucket();
    return s3Driver({ ...options, ...(count++ % 2 === 0 && { prefix: 'some/where' }) });
  };
}

/** Files in a folder, behind S3. */
export async function startVersityGateway(folder: string): Promise<S3Server> {
  const program = await goTool('versitygw');
  const root = join(folder, 'versitygw');
  await mkdir(join(root, 'buckets'), { recursive: true });
  return startS3Server((port, { accessKeyId, secretAccessKey }) =>
    startProcess(program, ['--port', `127.0.0.1:${port}`, 'posix', join(root, 'buckets')], {
      env: {
        ...process.env,
        ROOT_ACCESS_KEY_ID: accessKeyId,
        ROOT_SECRET_ACCESS_KEY: secretAccessKey,
      },
    }),
  );
}

/** An object store of its own making. */
export async function startMinio(folder: string): Promise<S3Server> {
  const program = await goTool('minio');
  const root = join(folder, 'minio');
  await mkdir(root, { recursive: true });
  return startS3Server((port, { accessKeyId, secretAccessKey }) =>
    startProcess(program, ['server', '--quiet', '--address', `127.0.0.1:${port}`, root], {
      env: {
        ...process.env,
        MINIO_ROOT_USER: accessKeyId,
        MINIO_ROOT_PASSWORD: secretAccessKey,
        MINIO_BROWSER: 'off',
      },
    }),
  );
}

type Credentials = S3Server['credentials'];

async function startS3Server(
  start: (port: number, credentials: Credentials) => RunningProcess,
): Promise<S3Server> {
  const port = await freePortBase(1);
  const credentials = {
    accessKeyId: 'archeion-test',
    secretAccessKey: randomBytes(16).toString('hex'),
  };
  const running = start(port, credentials);
  const url = `http://127.0.0.1:${port}`;
  await waitForHttp(url, running);
  const region = 'us-east-1';
  const client = new S3Client({ region, endpoint: url, forcePathStyle: true, credentials });
  let count = 0;
  return {
    url,
    credentials,
    running,
    async bucket(name = `bucket-${count++}`) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return { bucket: name, region, endpoint: url, credentials: async () => credentials };
    },
  };
}
