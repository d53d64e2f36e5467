// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { registryHandler } from '../../src/registry/registry-handler.ts';
import { putBlob } from '../../src/registry/store/blob-store.ts';
import { digestOf } from '../../src/registry/store/verify-body.ts';
import { filesystemDriver } from '../../src/storage/filesystem/filesystem.ts';
import { temporaryFolder } from '../support/registry-folder.ts';
import { startTestServer } from '../support/start-server.ts';
import { certificateFor, connectTls, trusting } from '../support/tls-client.ts';

/**
 * Chunks of large blobs are read into memory that is used again, by the same answer and by the next. What a client
 * gets must never be what somebody else asked for, however slow it is and whoever breaks off beside it.
 */

const MIB = 1024 * 1024;
/** A last chunk of a whole mebibyte, of a few bytes, and of more than what is waited for. */
const SIZES = [3 * MIB, 4 * MIB + 7, 2 * MIB + 100_000];
const CLIENTS = 36;

interface Filled {
  readonly port: number;
  readonly digests: readonly string[];
  readonly open: () => Promise<Socket>;
}

async function filledRegistry(isSecure: boolean): Promise<Filled> {
  const storage = filesystemDriver(await temporaryFolder());
  const digests: string[] = [];
  for (const size of SIZES) {
    const bytes = randomBytes(size);
    const digest = digestOf(bytes);
    await putBlob(
      { storage, repository: 'a', digest },
      (async function* () {
        yield bytes;
      })(),
    );
    digests.push(digest);
  }
  const certificate = certificateFor(90);
  const { cert, key } = certificate;
  const tls = isSecure ? ({ certificate: cert, key, minVersion: 'TLSv1.2' } as const) : undefined;
  const { port } = await startTestServer(registryHandler({ storage, log: silentLog }), { tls });
  const plain = async () => connect(port, '127.0.0.1');
  return {
    port,
    digests,
    open: isSecure ? () => connectTls(port, trusting(certificate)) : plain,
  };
}

function head(digest: string): string {
  return `GET /v2/a/blobs/${digest} HTTP/1.1\r\nHost: a\r\n\r\n`;
}

/** The digests of so many answers on one connection, read at the client's pace. */
async function readBodies(socket: Socket, count: number, pause: number): Promise<string[]> {
  const found: string[] = [];
  let hash = createHash('sha256');
  let left = 0;
  let start: Buffer = Buffer.alloc(0);
  for await (const piece of socket) {
    let bytes: Buffer = Buffer.concat([start, piece]);
    start = Buffer.alloc(0);
    while (bytes.byteLength > 0 && found.length < count) {
      if (left === 0) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end === -1) {
          start = bytes; // the rest of this head is in the next piece
          break;
        }
        left = contentLength(bytes.subarray(0, end).toString('latin1'));
        bytes = bytes.subarray(end + 4);
        hash = createHash('sha256');
      }
      const part = bytes.subarray(0, left);
      hash.update(part);
      left -= part.byteLength;
      bytes = bytes.subarray(part.byteLength);
      found.push(...(left === 0 ? [`sha256:${hash.digest('hex')}`] : []));
    }
    if (found.length === count) break;
    await sleep(pause);
  }
  socket.destroy();
  return found;
}

function contentLength(text: string): number {
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
  return Number.isSafeInteger(length) ? length : expect.fail(`no length in ${text}`);
}

async function breakOff(socket: Socket, digest: string, after: number): Promise<void> {
  socket.on('error', () => {}); // it is reset: that is the point
  socket.write(head(digest));
  await sleep(after);
  socket.destroy();
}

test.each([
  ['plain', false],
  ['TLS', true],
])(
  'over %s: whoever is slow, hasty or gone, everybody gets their own bytes',
  async (_, isSecure) => {
    const { digests, open } = await filledRegistry(isSecure);
    const wanted = (client: number) => digests[client % digests.length] ?? '';
    const leaving = Array.from({ length: CLIENTS }, async (_nothing, client) =>
      breakOff(await open(), wanted(client), client % 12),
    );
    const reading = Array.from({ length: CLIENTS }, async (_nothing, client) => {
      const asked = [wanted(client), wanted(client + 1), wanted(client + 2)];
      const socket = await open();
      socket.write(asked.map(head).join('')); // all at once: the later ones wait in the server
      return { asked, found: await readBodies(socket, asked.length, client % 3) };
    });
    await Promise.all(leaving);
    for (const { asked, found } of await Promise.all(reading)) expect(found).toEqual(asked);
  },
  60_000,
);
