// SPDX-License-Identifier: Apache-2.0
// The floor: Node's own server with one constant answer of the size that a redirect has. Its argument is the port.
import { createServer } from 'node:http';

const LOCATION = `https://acme-eu-west-1.s3.dualstack.eu-west-1.amazonaws.com/containers/images/sha256:${'1'.repeat(64)}`;
const HEADERS = ['Location', LOCATION, 'Content-Length', '0'];

createServer({ optimizeEmptyRequests: true }, (_request, response) => {
  response.writeHead(307, HEADERS).end();
}).listen(Number(process.argv[2]), '127.0.0.1');
