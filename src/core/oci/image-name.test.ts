// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseImageName } from './image-name.ts';

const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;
const HUB = 'registry-1.docker.io';

test.each([
  ['docker://quay.io/a/b', 'quay.io', 'a/b', undefined],
  ['docker://quay.io/a/b:v1', 'quay.io', 'a/b', 'v1'],
  [`docker://quay.io/a/b@${DIGEST}`, 'quay.io', 'a/b', DIGEST],
  [`docker://quay.io/a/b:v1@${DIGEST}`, 'quay.io', 'a/b', DIGEST],
  ['docker://localhost/a', 'localhost', 'a', undefined],
  ['docker://localhost:5000/a:5000', 'localhost:5000', 'a', '5000'],
  ['docker://QUAY.io/a', 'quay.io', 'a', undefined],
  ['docker://h:65535/a', 'h:65535', 'a', undefined],
  ['docker://192.0.2.7:80/a', '192.0.2.7:80', 'a', undefined],
  ['docker://[2001:db8::1]:5000/a', '[2001:db8::1]:5000', 'a', undefined],
  ['docker://[::1]/a', '[::1]', 'a', undefined],
  ['docker://docker.io/library/x:1', HUB, 'library/x', '1'],
  ['docker://docker.io/x', HUB, 'library/x', undefined],
  ['docker://index.docker.io/a/b', HUB, 'a/b', undefined],
  ['docker://registry-1.docker.io/x', HUB, 'library/x', undefined],
  ['docker://alpine:3', HUB, 'library/alpine', '3'],
  ['docker://grafana/loki', HUB, 'grafana/loki', undefined],
  ['docker://localhost:5000', HUB, 'library/localhost', '5000'],
])('%s', (text, registry, repository, reference) => {
  expect(parseImageName(text)).toEqual({ registry, repository, reference });
});

test.each([
  '',
  'quay.io/a/b',
  'oci:/srv/x',
  'https://quay.io/a',
  'DOCKER://quay.io/a',
  'docker:quay.io/a',
  'docker://',
  'docker:///a',
  'docker://quay.io/',
  'docker://quay.io//a',
  'docker://quay.io/A',
  'docker://Quay/a',
  'docker://quay.io/../a',
  'docker://user:secret@quay.io/a',
  'docker://quay.io/a:',
  'docker://quay.io/a:b:c',
  'docker://quay.io/a:-x',
  'docker://quay.io/a@',
  'docker://quay.io/a@sha256:abc',
  `docker://quay.io/a@${DIGEST}@${DIGEST}`,
  'docker://quay.io:/a',
  'docker://quay.io:0/a',
  'docker://quay.io:65536/a',
  'docker://quay.io:080/a',
  'docker://-quay.io/a',
  'docker://quay..io/a',
  'docker://[::1/a',
  'docker://quay.io/a?x=1',
  'docker://quay.io/a b',
  `docker://${'a'.repeat(260)}.io/a`,
])('"%s" is no image name', (text) => {
  expect(parseImageName(text)).toBeUndefined();
});
