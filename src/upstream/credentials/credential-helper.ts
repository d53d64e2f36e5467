// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { fieldOf } from '../../core/net/json-value.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { Credentials } from './credentials.ts';

export interface HelperOptions {
  /** The end of the program's name: `ecr-login` of `docker-credential-ecr-login`. */
  readonly name: string;
  /** The registry, as the helper knows it. */
  readonly server: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A name in a file becomes the name of a program: nothing in it may be a path. */
const NAME = /^[A-Za-z0-9._-]+$/;
const WITHIN = 30_000;
const MOST_BYTES = 65_536;
/** What helpers print when they have nothing for a registry. */
const NOTHING = /^credentials not found/;

/**
 * Asks a program that keeps credentials. Undefined when it has none. What it prints, and what the library says of how
 * it failed, is never part of a message: a secret may be in it.
 * https://github.com/docker/docker-credential-helpers#development
 *
 * @throws UpstreamError
 */
export async function askHelper(options: HelperOptions): Promise<Credentials | undefined> {
  if (!NAME.test(options.name)) {
    throw refusal(`"${options.name}" is no name of a credential helper`);
  }
  const program = `docker-credential-${options.name}`;
  const { failure, output } = await run(program, options);
  if (failure !== undefined && NOTHING.test(output.trim())) return undefined;
  if (failure !== undefined) throw refusal(`"${program}" gave no credentials: it ${failure}`);
  const found = readAnswer(output);
  if (found !== undefined) return found;
  throw refusal(`"${program}" gave no credentials: its answer is none`);
}

interface HelperRun {
  /** How it failed, in words of ours. */
  readonly failure: string | undefined;
  readonly output: string;
}

function run(program: string, { server, env }: HelperOptions): Promise<HelperRun> {
  return new Promise((resolve) => {
    const bounds = { timeout: WITHIN, maxBuffer: MOST_BYTES, killSignal: 'SIGKILL' } as const;
    const child = execFile(program, ['get'], { ...bounds, env }, (error, output) => {
      resolve({ failure: error === null ? undefined : failureOf(error), output });
    });
    // One that ends before it has read what it is asked says so by how it ends.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${server}\n`);
  });
}

function failureOf({ code, killed }: { code?: unknown; killed?: boolean }): string {
  if (code === 'ENOENT') return 'is not there';
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'said too much';
  if (killed === true) return `took longer than ${WITHIN / 1_000} s`;
  return `ended with ${typeof code === 'number' ? code : 'a failure'}`;
}

/** A user called `<token>` stands for a secret that is an identity token. */
function readAnswer(output: string): Credentials | undefined {
  try {
    const document: unknown = JSON.parse(output);
    const [username, secret] = [fieldOf(document, 'Username'), fieldOf(document, 'Secret')];
    if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') {
      return undefined;
    }
    if (username === '<token>') return { kind: 'identity-token', token: secret };
    return { username, password: secret };
  } catch {
    return undefined;
  }
}

function refusal(message: string): UpstreamError {
  return new UpstreamError('unauthorized', message);
}
