// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { dispatch } from '../../src/cli/dispatch.ts';
import { startDoctorHost } from '../support/doctor-host.ts';
import { LAYER_DIGEST, serveHello } from '../support/doctor-image.ts';

async function run(...line: readonly string[]) {
  const said = { out: '', err: '' };
  const exit = await dispatch(['doctor', ...line], {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    env: {},
    stop: new AbortController().signal,
    onHangup: () => () => {},
  });
  return { exit, ...said };
}

test('a pull that works ends with 0 and says so', async () => {
  const { url } = await startDoctorHost(serveHello);
  const { exit, out } = await run(`${url.host}/hello:v1`, '--full', '--ipv4');
  expect(exit).toBe(0);
  expect(out).toContain('all is well');
  expect(out).toMatch(/ok {4}GET blob sha256:[a-f0-9]{12}… +200 .+5000 bytes {2}hashed sha256:/);
  expect(out).not.toContain('IPv6');
});

test('a pull that fails ends with 1 and says what, with what, whose and what to do', async () => {
  const bucket = await startDoctorHost(() => undefined);
  const front = await startDoctorHost((request) =>
    request.target.includes(LAYER_DIGEST)
      ? {
          status: 307,
          headers: {
            location: `${bucket.url.origin}/x`,
            'x-archeion-route': 'dublin; reason=held; client=aws/eu-west-1',
            'server-timing': 'route;desc="dublin held";dur=3.1',
          },
        }
      : serveHello(request),
  );
  const { exit, out } = await run('registry.test/hello:v1', '--via', front.url.host);
  expect(exit).toBe(1);
  expect(out.slice(out.indexOf('FAILS'))).toBe(
    [
      `FAILS  backend "dublin" ${bucket.url.host}: it does not hold a blob of the image (404)`,
      `  with    ${LAYER_DIGEST}`,
      `  whose   backend "dublin" ${bucket.url.host}`,
      '  do      its operator must copy the blob there, or take the host out of routing: its copy is incomplete',
      '',
    ].join('\n'),
  );
  expect(out).toContain('route: dublin; reason=held; client=aws/eu-west-1  timing: route;desc=');
});

test('--json is one document with the findings and what they were made from', async () => {
  const { url } = await startDoctorHost(() => ({ status: 429 }));
  const { exit, out } = await run('registry.test/hello', '--via', url.host, '--mirror', '--json');
  expect(exit).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    isWell: false,
    home: url.host,
    isMirror: true,
    findings: [
      { problem: 'rate-limited', more: 1, whose: 'the network or provider of this machine' },
    ],
    hosts: [{ host: url.host }],
    requests: [{ kind: 'ping' }, { kind: 'manifest', reference: 'latest' }],
  });
});

describe('a command line that is wrong ends with 2', () => {
  test.each([
    [['UPPER/case:v1']],
    [['hello:v1', '--mirror']],
    [['hello:v1', '--via', 'host/path']],
    [['hello:v1', '--via', 'user:password@host']],
    [['user:password@registry.test/hello:v1']],
    [['hello:v1', '--platform', 'linux']],
    [['hello:v1', '--unknown']],
    [[]],
  ])('%j', async (line) => {
    const { exit, err } = await run(...line);
    expect(exit).toBe(2);
    expect(err).not.toBe('');
    expect(err).not.toContain('password');
  });
});
