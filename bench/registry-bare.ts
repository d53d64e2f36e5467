// SPDX-License-Identifier: Apache-2.0
// The floor of a registry: Node's own server with one constant answer. Its arguments are the port and the number of bytes.
import { createServer } from 'node:http';

const body = Buffer.alloc(Number(process.argv[3]), 32);
const HEADERS = [
  'Content-Type',
  'application/octet-stream',
  'Content-Length',
  String(body.byteLength),
];

createServer({ optimizeEmptyRequests: true }, (_request, response) => {
  response.writeHead(200, HEADERS).end(body);
}).listen(Number(process.argv[2]), '127.0.0.1');
