// SPDX-License-Identifier: Apache-2.0
import { fieldOf } from '../../core/net/json-value.ts';
import type { Transport, WireRequest } from '../transport.ts';
import { UpstreamError } from '../upstream-error.ts';
import { askJson, noAnswer } from './ask-json.ts';
import { type AwsKey, signedHeaders } from './aws-signature.ts';
import { cachedCredentials, type LimitedCredentials } from './cached-credentials.ts';
import type { CredentialProvider, Credentials } from './credentials.ts';

export interface EcrCredentialsOptions {
  readonly service: EcrService;
  /** Another address than that of AWS. */
  readonly endpoint: string | undefined;
  readonly key: () => Promise<AwsKey>;
  readonly transport: Transport;
  readonly now: () => number;
}

/** Who hands out the tokens of a registry. */
export interface EcrService {
  readonly region: string;
  readonly host: string;
  readonly name: 'ecr' | 'ecr-public';
  readonly target: string;
}

const PRIVATE_HOST =
  /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]{1,64})\.(amazonaws\.com(?:\.cn)?|on\.aws)$/;
const TARGETS = {
  ecr: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
  'ecr-public': 'SpencerFrontendService.GetAuthorizationToken',
} as const;

/**
 * By the name of the registry; undefined when that does not say, and no region is given.
 *
 * @param host of the registry
 */
export function ecrServiceOf(host: string, region: string | undefined): EcrService | undefined {
  if (host === 'public.ecr.aws') {
    const place = { region: 'us-east-1', host: 'api.ecr-public.us-east-1.amazonaws.com' };
    return { ...place, name: 'ecr-public', target: TARGETS['ecr-public'] };
  }
  const [, own, domain = 'amazonaws.com'] = PRIVATE_HOST.exec(host) ?? [];
  const found = region ?? own;
  if (found === undefined) return undefined;
  const suffix = domain === 'on.aws' ? 'amazonaws.com' : domain;
  const place = { region: found, host: `api.ecr.${found}.${suffix}` };
  return { ...place, name: 'ecr', target: TARGETS.ecr };
}

/** Tokens of Amazon's registries: good for twelve hours, as the password of the user `AWS`. */
export function ecrCredentials(options: EcrCredentialsOptions): CredentialProvider {
  return cachedCredentials(() => askForToken(options), options.now);
}

async function askForToken(options: EcrCredentialsOptions): Promise<LimitedCredentials> {
  const request = await questionFor(options);
  const answer = fieldOf(await askJson(options.transport, request), 'authorizationData');
  // A list of one from the one service, and the one itself from the other.
  const data: unknown = Array.isArray(answer) ? answer[0] : answer;
  const credentials = decode(fieldOf(data, 'authorizationToken'));
  const until = fieldOf(data, 'expiresAt');
  if (credentials === undefined) throw noAnswer(request.url);
  return { credentials, until: typeof until === 'number' ? until * 1_000 : options.now() };
}

async function questionFor({
  service,
  endpoint,
  key,
  now,
}: EcrCredentialsOptions): Promise<WireRequest> {
  const url = URL.parse(endpoint ?? `https://${service.host}/`);
  if (url === null) throw new UpstreamError('unauthorized', `"${endpoint}" is no URL`);
  const request = {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': service.target },
    body: '{}',
    service: service.name,
    region: service.region,
    at: now(),
  } as const;
  const { host: _, ...headers } = signedHeaders(request, await key());
  return { url, method: 'POST', headers, body: request.body };
}

/** `AWS:password` in base64. */
function decode(token: unknown): Credentials | undefined {
  if (typeof token !== 'string') return undefined;
  const text = Buffer.from(token, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
