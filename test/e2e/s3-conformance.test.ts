// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { driversOf, startVersityGateway } from './s3-servers.ts';

const folder = await mkdtemp(join(tmpdir(), 'archeion-s3-conformance-'));

afterAll(async () => {
  await stopAllProcesses();
  await rm(folder, { recursive: true });
});

describe('the registry over a bucket', () => {
  const open = driversOf(() => startVersityGateway(folder));
  conformanceOf(async () => wireOver(await open()));
});
