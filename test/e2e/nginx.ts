// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, waitForHttp } from '../support/free-port.ts';
import { startProcess } from '../support/processes.ts';
import { type Access, parseAccessLog } from './access-log.ts';

export interface NginxServer {
  readonly url: string;
  /** Host and port, as clients write it. */
  readonly host: string;
  accesses(): Promise<readonly Access[]>;
  stop(): Promise<unknown>;
}

/** A folder of files: what a bucket looks like to those who read from it. */
export function startFileServer(folder: string, root: string): Promise<NginxServer> {
  return startNginx(folder, `root ${root}; default_type application/octet-stream;`);
}

/** A server that gives one answer to everything. */
export function startConstantServer(folder: string, status: number): Promise<NginxServer> {
  return startNginx(folder, `return ${status};`);
}

/**
 * A load balancer that says for whom it asks, since container clients cannot be told to pretend. Redirects and
 * the name the client used pass unchanged.
 */
export function startEntrance(
  folder: string,
  { front, client }: { readonly front: string; readonly client: string },
): Promise<NginxServer> {
  const location = [
    `proxy_pass ${front};`,
    'proxy_redirect off;',
    'proxy_http_version 1.1;',
    'proxy_set_header Host $http_host;',
    `proxy_set_header X-Forwarded-For ${client};`,
  ];
  return startNginx(folder, `location / { ${location.join(' ')} }`);
}

async function startNginx(folder: string, server: string): Promise<NginxServer> {
  await mkdir(folder, { recursive: true });
  const host = `127.0.0.1:${await freePort()}`;
  const log = join(folder, 'access.log');
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration({ folder, host, log, server }));
  const running = startProcess('nginx', [
    '-p',
    folder,
    '-c',
    file,
    '-e',
    join(folder, 'error.log'),
  ]);
  await waitForHttp(`http://${host}/`, running);
  return {
    url: `http://${host}`,
    host,
    accesses: async () => parseAccessLog(await readFile(log, 'utf8')),
    stop: running.stop,
  };
}

interface NginxOptions {
  readonly folder: string;
  readonly host: string;
  readonly log: string;
  readonly server: string;
}

function configuration({ folder, host, log, server }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // Debian compiles in folders that only root may write: everything stays below ours.
  const paths = temporary.map((name) => `${name}_temp_path ${join(folder, name)};`);
  // Started by root, workers would become another user, who cannot read a temporary folder.
  return `
    daemon off; user root; worker_processes 1; pid ${join(folder, 'nginx.pid')};
    events { worker_connections 512; }
    http {
      ${paths.join(' ')}
      access_log ${log} combined;
      server { listen ${host}; ${server} }
    }`;
}
