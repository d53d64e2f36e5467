// SPDX-License-Identifier: Apache-2.0
import { createHash, createHmac } from 'node:crypto';

export interface AwsKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** One request to a service of AWS; without a query, and with a path that needs no encoding. */
export interface AwsRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  /** Names in lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly service: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * The headers of a request with those that sign it.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signedHeaders(request: AwsRequest, key: AwsKey): Record<string, string> {
  const { service, region, at } = request;
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const headers = {
    ...request.headers,
    host: request.url.host,
    'x-amz-date': time,
    ...(key.sessionToken !== undefined && { 'x-amz-security-token': key.sessionToken }),
  };
  const names = Object.keys(headers).sort().join(';');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, hashOf(canonical(request, headers))].join('\n');
  const signature = hmac(signingKey(key, scope), text).toString('hex');
  const credential = `Credential=${key.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

function canonical(
  { method, url, body }: AwsRequest,
  headers: Readonly<Record<string, string>>,
): string {
  const sorted = Object.entries(headers).sort(([one], [other]) => (one < other ? -1 : 1));
  const lines = sorted.map(([name, value]) => `${name}:${value.trim()}`);
  const names = sorted.map(([name]) => name).join(';');
  const query = url.search.slice(1);
  return [method, url.pathname, query, ...lines, '', names, hashOf(body)].join('\n');
}

function signingKey({ secretAccessKey }: AwsKey, scope: string): Buffer {
  return scope
    .split('/')
    .reduce((key: Buffer, part) => hmac(key, part), Buffer.from(`AWS4${secretAccessKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
