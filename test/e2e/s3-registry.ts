// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RegistryDocument } from '../../src/config/registry.ts';
import { freePorts, waitForHttp } from '../support/free-port.ts';
import { type RunningProcess, startProcess } from '../support/processes.ts';
import { PROGRAM } from './front.ts';
import type { S3Server } from './s3-servers.ts';

type Storage = RegistryDocument['storage'];

/** The storage of a registry in a new bucket, with its credentials in files. */
export async function bucketStorage(server: S3Server, folder: string): Promise<Storage> {
  const { accessKeyId, secretAccessKey } = server.credentials;
  await writeFile(join(folder, 'id'), `${accessKeyId}\n`);
  await writeFile(join(folder, 'secret'), `${secretAccessKey}\n`);
  const { bucket } = await server.bucket();
  const credentials = { accessKeyIdFile: 'id', secretAccessKeyFile: 'secret' };
  return { kind: 's3', bucket, endpoint: server.url, credentials };
}

export interface Replica {
  readonly host: string;
  readonly url: string;
  readonly running: RunningProcess;
}

/** Writes a configuration and gives its path; `--config` takes it in every command. */
export async function writeConfig(
  folder: string,
  config: RegistryDocument,
  name = 'registry',
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, stringify(config));
  return file;
}

/** `archeion registry serve`, listening. */
export async function startReplica(
  folder: string,
  config: Omit<RegistryDocument, 'listen' | 'admin'>,
): Promise<Replica> {
  const [port = 0, adminPort = 0] = await freePorts(2);
  const ports = { listen: { port }, admin: { port: adminPort } };
  const file = await writeConfig(folder, { ...config, ...ports }, `replica-${port}`);
  const running = startProcess(process.execPath, [PROGRAM, 'registry', 'serve', '-c', file]);
  const host = `127.0.0.1:${port}`;
  await waitForHttp(`http://${host}/v2/`, running);
  return { host, url: `http://${host}`, running };
}
