// SPDX-License-Identifier: Apache-2.0

/** How a request names what is to be copied: the SDK takes it as it is. */
export function copySource(bucket: string, name: string): string {
  return `${bucket}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** Lists are asked for in this form, since XML has no control characters. */
export function decodeListed(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
