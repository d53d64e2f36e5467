// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { s3Driver } from '../../src/storage/s3.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { type S3Server, startMinio, startVersityGateway } from './s3-servers.ts';

const folder = await mkdtemp(join(tmpdir(), 'archeion-s3-'));

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** A bucket of its own for each test; every other one has a prefix. */
function driversOf(start: () => Promise<S3Server>) {
  let server: Promise<S3Server> | undefined;
  let count = 0;
  return async () => {
    server ??= start();
    const options = await (await server).bucket();
    return s3Driver({ ...options, ...(count++ % 2 === 0 && { prefix: 'some/where' }) });
  };
}

/** Both keep objects as files, and both say that they removed what was not there. */
const LIMITS = { hashesVersions: true, removesBlindly: true, keepsFiles: true };

describe('the S3 driver on versitygw', () => {
  storageDriverContract(
    driversOf(() => startVersityGateway(folder)),
    LIMITS,
  );
});

describe('the S3 driver on MinIO', () => {
  storageDriverContract(
    driversOf(() => startMinio(folder)),
    { ...LIMITS, removesAlways: true },
  );
});
