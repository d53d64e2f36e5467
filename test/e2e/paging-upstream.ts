// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { freePort } from '../support/free-port.ts';

export interface PagingUpstream {
  readonly url: string;
  /** The targets it was asked for, in order. */
  readonly asked: readonly string[];
  stop(): Promise<unknown>;
}

/**
 * A registry that answers the tags list in pages, as hosted ones do and Debian's docker-registry does not: at most
 * `pageSize` tags, and where to go on as a path of its own.
 */
export async function startPagingUpstream(
  tags: readonly string[],
  pageSize: number,
): Promise<PagingUpstream> {
  const port = await freePort();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const url = new URL(request.url ?? '', 'http://upstream');
    const name = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname)?.[1];
    const { page, next } = pageOf(tags, url.searchParams, pageSize);
    const link = next && { link: `</v2/${name}/tags/list?${next}>; rel="next"` };
    response.writeHead(200, { 'content-type': 'application/json', ...link });
    response.end(JSON.stringify({ name, tags: page }));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

interface Page {
  readonly page: readonly string[];
  /** The query of the next page, unless this is the last. */
  readonly next?: string;
}

function pageOf(tags: readonly string[], query: URLSearchParams, pageSize: number): Page {
  const count = Math.min(Number(query.get('n') ?? pageSize), pageSize);
  const rest = tags.filter((tag) => tag > (query.get('last') ?? ''));
  const page = rest.slice(0, count);
  return rest.length > count ? { page, next: `last=${page.at(-1)}&n=${count}` } : { page };
}
