// SPDX-License-Identifier: Apache-2.0
// Node's own server with one constant answer of the size that a redirect has. Its arguments are the port and `plain`, a
// handler as anybody writes it, or `tuned`, the floor: with all that makes Node's server faster and that ours does, too.
import { createServer } from 'node:http';

const Location = `https://acme-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/containers/images/sha256:${'1'.repeat(64)}`;
const HEADERS = ['Location', Location, 'Content-Length', '0'];

const [port, kind] = process.argv.slice(2);
const server =
  kind === 'plain'
    ? createServer((_request, response) => {
        response.writeHead(307, { Location });
        response.end();
      })
    : createServer({ optimizeEmptyRequests: true }, (_request, response) => {
        response.writeHead(307, HEADERS).end();
      });
server.listen(Number(port), '127.0.0.1');
