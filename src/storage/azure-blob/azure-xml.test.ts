// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { azureProblem, parseBlobPage } from './azure-xml.ts';

const PROPERTIES =
  '<Properties><Last-Modified>Sat, 21 Nov 2026 20:00:00 GMT</Last-Modified><Etag>0x8D</Etag><Content-Length>7</Content-Length></Properties>';

test('names and cut names, escaped in either way, and where the next page begins', () => {
  const page = parseBlobPage(`<?xml version="1.0"?><EnumerationResults><Prefix>a</Prefix><Blobs>
    <Blob><Name>a &lt;&amp;&#x20;&#252;&unknown;</Name>${PROPERTIES}</Blob>
    <BlobPrefix><Name Encoded="true">a%EF%BF%BE%2F</Name></BlobPrefix>
    </Blobs><NextMarker>2!8!a&amp;b</NextMarker></EnumerationResults>`);
  const modified = 'Sat, 21 Nov 2026 20:00:00 GMT';
  expect(page).toEqual({
    blobs: [
      { name: 'a <& ü&unknown;', properties: { size: 7, etag: '0x8D', modified } },
      { name: 'a\ufffe/', properties: undefined },
    ],
    next: '2!8!a&b',
  });
});

test('the last page has no next one', () => {
  const text = '<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>';
  expect(parseBlobPage(text)).toEqual({ blobs: [], next: undefined });
});

test('a problem has the name of its header, or of its body, or none', () => {
  const body = '<Error><Code>Denied</Code><Message>No.\nString to sign: secret</Message></Error>';
  const none = () => undefined;
  expect(azureProblem(body, () => 'Other')).toEqual({ name: 'Other', message: 'No.' });
  expect(azureProblem(body, none)).toEqual({ name: 'Denied', message: 'No.' });
  expect(azureProblem('', none)).toEqual({ name: 'Error', message: 'refused' });
});
