// SPDX-License-Identifier: Apache-2.0
declare const uploadIdBrand: unique symbol;

/** Names an upload session: whoever knows it may be who began it, so it is drawn and never counted. */
export type UploadId = string & { readonly [uploadIdBrand]: true };

const UPLOAD_ID = /^[a-f0-9]{32}$/;

export function parseUploadId(text: string): UploadId | undefined {
  // The only cast to UploadId: the grammar was just checked.
  return UPLOAD_ID.test(text) ? (text as UploadId) : undefined;
}
