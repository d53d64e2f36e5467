// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { parseForeignUrl } from './foreign-url.ts';

const HOSTS = ['mcr.example', 'files.example:8443', 'localhost:5000', '127.0.0.1:80', '[::1]:1'];

test.each([
  ['https://mcr.example/v2/x', 'https://mcr.example/v2/x'],
  ['https://MCR.example:443/x?sig=1', 'https://mcr.example/x?sig=1'],
  ['https://files.example:8443/x', 'https://files.example:8443/x'],
  ['http://localhost:5000/x', 'http://localhost:5000/x'],
  ['http://[::1]:1/x', 'http://[::1]:1/x'],
])('%s is at a host that is listed', (text, expected) => {
  expect(parseForeignUrl(text, HOSTS)?.href).toBe(expected);
});

test.each([
  'https://evil.example/x',
  'https://mcr.example.evil.example/x',
  'https://sub.mcr.example/x',
  'https://mcr.example@evil.example/x',
  'https://evil.example/https://mcr.example/x',
  'https://evil.example\\@mcr.example/x',
  'https://mcr.example./x',
  'https://mcr.example:8443/x',
  'https://files.example/x',
  'https://robot:hunter2@mcr.example/x',
  'https://robot@mcr.example/x',
  'http://mcr.example/x',
  'http://localhost.mcr.example/x',
  'ftp://mcr.example/x',
  'file:///etc/passwd',
  'mcr.example/x',
  '//mcr.example/x',
  '',
])('nobody asks %s', (text) => expect(parseForeignUrl(text, HOSTS)).toBeUndefined());
