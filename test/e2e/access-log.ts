// SPDX-License-Identifier: Apache-2.0

/** One request as a server's own log tells it. */
export interface Access {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly client: string;
}

const COMBINED = /^.*"([A-Z]+) (\S+) HTTP\/1\.[01]" (\d{3}) .*"([^"]*)"$/gm;

/** Reads the "combined" format, which docker-registry and nginx share. */
export function parseAccessLog(text: string): Access[] {
  return [...text.matchAll(COMBINED)].map(
    ([, method = '', path = '', status = '', client = '']) => {
      return { method, path, status: Number(status), client };
    },
  );
}

/** The digests whose bytes the server sent: answered GETs, not the front's questions (HEAD). */
export function blobsServed(accesses: readonly Access[]): string[] {
  return digestsOf(accesses, /(?:\/blobs\/|\/containers\/images\/)(sha256:[0-9a-f]{64})$/);
}

/** The tags and digests of the manifests that the server sent. */
export function manifestsServed(accesses: readonly Access[]): string[] {
  return digestsOf(accesses, /\/manifests\/([^/]+)$/);
}

function digestsOf(accesses: readonly Access[], pattern: RegExp): string[] {
  const sent = accesses.filter(({ method, status }) => method === 'GET' && status === 200);
  const found = sent.flatMap(({ path }) => pattern.exec(path)?.[1] ?? []);
  return [...new Set(found)].sort();
}
