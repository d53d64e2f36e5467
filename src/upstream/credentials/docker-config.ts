// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../../core/net/json-value.ts';
import { type Credentials, isToken } from './credentials.ts';

/** What Docker's configuration file says of one registry. */
export interface DockerLogin {
  /** The program that knows the credentials, by the end of its name: `ecr-login` of `docker-credential-ecr-login`. */
  readonly helper: string | undefined;
  /** How the registry is called there. */
  readonly server: string;
  /** What the file itself has. */
  readonly credentials: Credentials | undefined;
}

const HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
const HUB_SERVER = 'https://index.docker.io/v1/';

/**
 * Looks a registry up, as Docker does: by its own helper, the helper for all, or the file. Undefined for what is no
 * such file. Nothing of it is ever part of a message.
 * https://docs.docker.com/reference/cli/docker/login/#credential-stores
 *
 * @param host `host` or `host:port`
 */
export function parseDockerConfig(text: string, host: string): DockerLogin | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const names = namesOf(host);
  const own = names.map((name) => textAt(fieldOf(document, 'credHelpers'), name)).find(Boolean);
  const entries = fieldOf(document, 'auths');
  const credentials = names.map((name) => readEntry(fieldOf(entries, name))).find(Boolean);
  const server = HUB.includes(host) ? HUB_SERVER : host;
  return { helper: own ?? textAt(document, 'credsStore'), server, credentials };
}

/** Every spelling in which a registry is found in such files. */
function namesOf(host: string): readonly string[] {
  const hosts = HUB.includes(host) ? ['index.docker.io', ...HUB] : [host];
  return [...new Set(hosts)].flatMap((name) => [
    name,
    ...['https://', 'http://'].flatMap((scheme) =>
      ['', '/', '/v1', '/v1/', '/v2', '/v2/'].map((path) => `${scheme}${name}${path}`),
    ),
  ]);
}

function readEntry(entry: unknown): Credentials | undefined {
  const identity = textAt(entry, 'identitytoken');
  if (identity !== undefined) return { kind: 'identity-token', token: identity };
  const token = textAt(entry, 'registrytoken');
  if (token !== undefined && isToken(token)) return { kind: 'registry-token', token };
  const [username, password] = [textAt(entry, 'username'), textAt(entry, 'password')];
  if (username !== undefined && password !== undefined) return { username, password };
  // `user:password`; some versions of Docker have put a zero byte at its end.
  const text = Buffer.from(textAt(entry, 'auth') ?? '', 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  const decoded = text.slice(colon + 1).replace(/\0+$/, '');
  return { username: text.slice(0, colon), password: decoded };
}

/** A text that says something. */
function textAt(value: unknown, name: string): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === 'string' && text !== '' ? text : undefined;
}
