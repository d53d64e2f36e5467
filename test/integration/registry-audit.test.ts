// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { type RunningRegistry, startRegistry } from '../support/running-command.ts';

/** A registry with an empty store, and a folder beside it. */
async function configured(audit: string) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'store'));
  const file = join(folder, 'registry.yaml');
  await writeFile(
    file,
    `listen: { port: 0 }
admin: { port: 0 }
storage: { kind: filesystem, directory: store }
shutdown: { grace: 50ms }
audit: ${audit}
`,
  );
  return { folder, file };
}

async function serve(file: string): Promise<RunningRegistry> {
  const registry = await startRegistry(['--config', file]);
  onTestFinished(async () => void (await registry.stop()));
  return registry;
}

async function push({ url }: RunningRegistry, content: string): Promise<number> {
  const path = `/v2/app/blobs/uploads/?digest=${digestOf(content)}`;
  return (await fetch(`${url}${path}`, { method: 'POST', body: content })).status;
}

const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('changes are in the log and in the file, with a prefix of the address and the id of the request', async () => {
  const { folder, file } = await configured('{ file: audit.jsonl }');
  const registry = await serve(file);
  expect(await push(registry, 'x')).toBe(201);
  const [line] = await registry.logged('audit');
  const fields = {
    event: 'audit',
    operation: 'blob-push',
    result: 'done',
    repository: 'app',
    digest: digestOf('x'),
    address: '127.0.0.0/24',
  };
  expect(line).toMatchObject(fields);
  const [request] = await registry.logged('request');
  expect(line?.['requestId']).toBe(request?.['requestId']);
  // Its answer is here, so it is written.
  expect(await linesOf(join(folder, 'audit.jsonl'))).toEqual([
    { ...fields, time: expect.any(String), requestId: request?.['requestId'] },
  ]);
});

test('a file that was moved away is begun anew, and one that cannot be written is counted', async () => {
  const { folder, file } = await configured('{ file: logs/audit.jsonl, clientAddress: none }');
  await mkdir(join(folder, 'logs'));
  const registry = await serve(file);
  await push(registry, 'a');
  await rename(join(folder, 'logs/audit.jsonl'), join(folder, 'old.jsonl'));
  await push(registry, 'b');
  const [entry] = await linesOf(join(folder, 'logs/audit.jsonl'));
  expect(entry.digest).toBe(digestOf('b'));
  expect(entry).not.toHaveProperty('address');
  await rm(join(folder, 'logs'), { recursive: true });
  expect(await push(registry, 'c')).toBe(201);
  await registry.logged('audit-failed');
  const metrics = await (await fetch(`${registry.adminUrl}/metrics`)).text();
  expect(metrics).toContain('archeion_audit_lines_lost_total 1');
});

test('a file that cannot be written is found at the start', async () => {
  const { file } = await configured('{ file: none/audit.jsonl }');
  const { exit, err } = await runCommand(['registry', 'serve', '--config', file]);
  expect(exit).toBe(2);
  expect(err).toContain('audit.file');
});
