// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test } from 'vitest';
import { s3Driver } from '../../src/storage/s3/s3.ts';
import { openS3Client, type S3Options } from '../../src/storage/s3/s3-client.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { storageDriverContract } from '../support/storage-driver-contract.ts';
import { keysIn } from '../support/storage-reading.ts';
import { driversOf, startMinio, startVersityGateway } from './s3-servers.ts';

const folder = await mkdtemp(join(tmpdir(), 'archeion-s3-'));

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

/** Both keep objects as files, and both say that they removed what was not there. */
const LIMITS = { hashesVersions: true, removesBlindly: true, keepsFiles: true };

function sweepContract(open: () => Promise<S3Options>): void {
  test('what a writer that died left is swept when it is old, and nobody goes on with it', async () => {
    const options = { ...(await open()), prefix: 'some/where' };
    const storage = s3Driver(options);
    await storage.write('kept', 'x');
    const begin = async (key: string) => storage.appendPart(await storage.startUpload(key), 'x');
    const [left, going] = [await begin('left'), await begin('going')];
    const client = openS3Client(options);
    const target = { Bucket: options.bucket, Key: 'some/where/blobs/a b' };
    await client.send(new CreateMultipartUploadCommand(target));
    const isUnderWay = (id: string) => id === going.id;
    const [soon, before] = [Date.now() + 60_000, Date.now() - 60_000];
    expect(await storage.sweepUploads?.({ before, isUnderWay })).toBe(0);
    expect(await storage.sweepUploads?.({ before: soon, isUnderWay })).toBe(2);
    expect(await storage.sweepUploads?.({ before: soon, isUnderWay })).toBe(0);
    await expect(storage.finishUpload(left)).rejects.toMatchObject({ code: 'unknown-upload' });
    expect(await storage.finishUpload(going)).toMatchObject({ key: 'going', size: 1 });
    expect(await keysIn(storage, '')).toEqual(['going', 'kept']);
  });
}

describe('the S3 driver on versitygw', () => {
  sweepContract(async () => (await startVersityGateway(folder)).bucket('swept'));
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
