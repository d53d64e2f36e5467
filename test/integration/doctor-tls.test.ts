// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo, LookupFunction } from 'node:net';
import { createServer as createPlainServer } from 'node:net';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { openDoctorProbe } from '../../src/upstream/doctor-probe.ts';
import { type CertificateWish, selfSigned } from '../support/certificate.ts';

const DAY = 86_400_000;
const HOST = 'images.test';
const toLoopback: LookupFunction = (_host, { family }, callback) => {
  if (family === 4) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(Object.assign(new Error('none'), { code: 'ENOTFOUND' }), []);
};

/** What is seen of a server with this certificate, which this process trusts or does not. */
async function seen(wish: Partial<CertificateWish>, isTrusted: boolean) {
  const validFrom = new Date(Date.now() - 90 * DAY);
  const validTo = new Date(Date.now() + 90.5 * DAY);
  const { cert, key } = selfSigned({ host: HOST, validFrom, validTo, ...wish });
  const trusted = getCACertificates('default');
  setDefaultCACertificates(isTrusted ? [...trusted, cert] : trusted);
  const server = createServer({ cert, key });
  onTestFinished(() => {
    setDefaultCACertificates(trusted);
    server.close();
  });
  return reach(server);
}

async function reach(server: ReturnType<typeof createPlainServer>) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  const origin = new URL(`https://${HOST}:${port}`);
  const probe = openDoctorProbe({
    origin,
    allowsPrivate: true,
    families: ['ipv4', 'ipv6'],
    lookup: toLoopback,
    limits: { connect: 300 },
  });
  const [first] = await probe.reach(origin);
  return first;
}

test('a certificate that is well is shown', async () => {
  expect(await seen({}, true)).toMatchObject({
    kind: 'connected',
    address: '127.0.0.1',
    certificate: { subject: HOST, issuer: HOST, daysLeft: 90 },
  });
});

test.each([
  ['expired', { validTo: new Date(Date.now() - DAY) }, true, 'CERT_HAS_EXPIRED'],
  ['for another name', { host: 'other.test' }, true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['of nobody known', {}, false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
])('a certificate %s is shown with what is wrong', async (_name, wish, isTrusted, system) => {
  expect(await seen(wish, isTrusted)).toMatchObject({
    kind: 'tls-failed',
    system,
    certificate: { daysLeft: expect.any(Number) },
  });
});

test.each([
  [
    'hangs up',
    (server: ReturnType<typeof createPlainServer>) =>
      server.on('connection', (socket) => socket.destroy()),
    /ECONNRESET/,
  ],
  [
    'speaks plain text',
    (server: ReturnType<typeof createPlainServer>) =>
      server.on('connection', (socket) => socket.end('HTTP/1.1 400 \r\n\r\n')),
    /SSL/,
  ],
  ['says nothing', (server: ReturnType<typeof createPlainServer>) => server, /ETIMEDOUT/],
])('a port that %s is no TLS', async (_name, behave, system) => {
  const server = createPlainServer();
  behave(server);
  onTestFinished(() => {
    server.close();
  });
  expect(await reach(server)).toMatchObject({
    kind: 'tls-failed',
    system: expect.stringMatching(system),
  });
});
