// SPDX-License-Identifier: Apache-2.0

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * An address that a manifest names, if it may be asked: by https, at a host (`host` or `host:port`) that is listed;
 * on this machine by http, too. One with a user or a password in it is none: they would be sent along.
 */
export function parseForeignUrl(text: string, hosts: readonly string[]): URL | undefined {
  const url = URL.parse(text);
  return url !== null && isForeignUrl(url, hosts) ? url : undefined;
}

export function isForeignUrl(
  { protocol, host, hostname, username, password }: URL,
  hosts: readonly string[],
): boolean {
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
  return isSafe && username === '' && password === '' && hosts.includes(host);
}
