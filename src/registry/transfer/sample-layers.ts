// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { digestOf } from '../store/verify-body.ts';
import { type TarFile, tar } from './tar.ts';

export interface SampleLayer {
  readonly compressed: Uint8Array;
  /** The digest of the tar archive inside. */
  readonly diffId: string;
  readonly createdBy: string;
}

const KIB = 1024;

/** Who we are, a program's data that does not compress, and something of the platform's own. */
export function sampleLayers(architecture: string): readonly SampleLayer[] {
  return [
    layer('greeting', [
      textFile('hello.txt', 'hello from Archeion\n'),
      folder('etc/'),
      textFile('etc/os-release', 'ID=archeion-sample\nNAME="Archeion sample image"\n'),
    ]),
    layer('data', [
      folder('data/'),
      { path: 'data/noise.bin', mode: 0o644, bytes: noise('data', 512 * KIB) },
    ]),
    layer(`platform ${architecture}`, [
      textFile('platform.txt', `linux/${architecture}\n`),
      {
        path: `noise-${architecture}.bin`,
        mode: 0o644,
        bytes: noise(architecture, 256 * KIB),
      },
    ]),
  ];
}

function layer(createdBy: string, files: readonly TarFile[]): SampleLayer {
  const archive = tar(files);
  return { compressed: gzip(archive), diffId: digestOf(archive), createdBy };
}

/**
 * Stored rather than compressed: what another version of zlib makes of the same bytes would have another
 * digest. Byte 9 names the system it was made on, 255 for unknown, for the same reason.
 */
function gzip(bytes: Uint8Array): Uint8Array {
  const compressed = gzipSync(bytes, { level: 0 });
  compressed[9] = 255;
  return compressed;
}

function textFile(path: string, text: string): TarFile {
  return { path, mode: 0o644, bytes: Buffer.from(text) };
}

function folder(path: string): TarFile {
  return { path, mode: 0o755, bytes: new Uint8Array() };
}

/** The same bytes for the same name, everywhere and always: the upper bits of a linear congruential generator. */
function noise(name: string, size: number): Uint8Array {
  const bytes = Buffer.alloc(size);
  let state = Buffer.from(name).reduce(nextState, 0);
  for (let index = 0; index < size; index++) {
    state = nextState(state, 0);
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function nextState(state: number, input: number): number {
  return (Math.imul(state + input, 1664525) + 1013904223) >>> 0;
}
