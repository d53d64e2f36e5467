// SPDX-License-Identifier: Apache-2.0
import { afterAll } from 'vitest';
import { gcsDriver } from '../../src/storage/gcs/gcs.ts';
import { conformanceOf } from '../support/conformance/conformance-of.ts';
import { wireOver } from '../support/conformance/start-wire.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import type { FakeStore } from '../support/fake-store.ts';

const started: FakeStore[] = [];

afterAll(async () => {
  for (const { stop } of started) await stop();
});

conformanceOf(async () => {
  const fake = await startFakeGcs();
  started.push(fake);
  return wireOver(gcsDriver({ bucket: 'bucket', endpoint: fake.url }));
});
