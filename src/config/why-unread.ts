// SPDX-License-Identifier: Apache-2.0

/** What to say of a file that was to be read: that it was not, and why. */
export function whyUnread(error: unknown): string {
  return `cannot be read: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch ('code' in error ? error.code : undefined) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'the user that this program runs as may not';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error.message;
  }
}
