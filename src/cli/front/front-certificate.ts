// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { Config } from '../../config/schema.ts';
import { type CertificateFacts, checkTls } from '../../http/check-tls.ts';
import type { TlsMaterial } from '../../http/tls-material.ts';
import type { Loaded } from '../load-config.ts';

/** Whatever listens with TLS, and where its configuration lies. */
export type LoadedTls = Loaded<{ readonly listen: Pick<Config['listen'], 'tls'> }>;

/** A certificate and its key as they were read, fit to be served with. */
export interface FrontCertificate {
  readonly files: { readonly certificate: string; readonly key: string };
  readonly material: TlsMaterial;
  readonly facts: CertificateFacts;
  /** The permissions of the key's file, when others than its owner may read it. */
  readonly exposedAs: string | undefined;
}

export type CertificateFiles = FrontCertificate['files'];

/** Where they lie; undefined without TLS. */
export function certificateFiles({ config, directory }: LoadedTls): CertificateFiles | undefined {
  const { tls } = config.listen;
  if (tls === undefined) return undefined;
  return { certificate: resolve(directory, tls.certificate), key: resolve(directory, tls.key) };
}

/**
 * What `listen.tls` names; undefined without it. Read in one go, so that no later reading can be overtaken by
 * an earlier one.
 *
 * @throws ConfigError that names the file and what is wrong with it
 */
export function readCertificate(loaded: LoadedTls): FrontCertificate | undefined {
  const { config, origin } = loaded;
  const { tls } = config.listen;
  const files = certificateFiles(loaded);
  if (tls === undefined || files === undefined) return undefined;
  const read = (part: keyof CertificateFiles) => readPart(part, files[part], origin);
  const material = {
    certificate: read('certificate'),
    key: read('key'),
    minVersion: tls.minVersion,
  };
  const result = checkTls(material);
  if (!result.ok) {
    const { part, problem } = result;
    throw new ConfigError(origin, [`listen.tls.${part}: "${files[part]}" ${problem}`]);
  }
  return { files, material, facts: result.facts, exposedAs: exposureOf(files.key) };
}

function readPart(part: keyof CertificateFiles, file: string, origin: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(origin, [`listen.tls.${part}: "${file}" cannot be read`], error);
  }
}

function exposureOf(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  return (mode & 0o077) === 0 ? undefined : mode.toString(8).padStart(4, '0');
}
