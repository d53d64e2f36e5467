// SPDX-License-Identifier: Apache-2.0
import { openStoreClient, refused } from '../http/store-client.ts';
import { StorageError } from '../storage-error.ts';
import { escapedName, gcsKeys } from './gcs-keys.ts';
import { type GcsObject, type GcsStore, gcsProblem } from './gcs-store.ts';
import { type Signer, signedUrl } from './signed-url.ts';

/** Who asks. */
export interface GoogleIdentity {
  readonly token: () => Promise<string>;
  /** Left out where nobody can sign in its name. */
  readonly signer?: (() => Promise<Signer>) | undefined;
}

export interface GcsOptions {
  readonly bucket: string;
  /** What all names in the bucket start with. */
  readonly prefix?: string | undefined;
  /** The URL of another store than Google's. */
  readonly endpoint?: string | undefined;
  /** The URL under which clients reach the store, when it is another one. */
  readonly publicEndpoint?: string | undefined;
  /** Left out, nobody in particular asks. */
  readonly identity?: GoogleIdentity | undefined;
}

export interface OpenedGcs {
  readonly store: GcsStore;
  /** A URL by which whoever has it may read an object for some seconds. */
  readonly linkTo: (object: GcsObject, seconds: number) => Promise<string>;
}

const GOOGLE = 'https://storage.googleapis.com';

export function openGcs(options: GcsOptions): OpenedGcs {
  const { bucket, prefix, identity, endpoint = GOOGLE } = options;
  const { origin, pathname } = new URL(endpoint);
  const seen = new URL(options.publicEndpoint ?? endpoint);
  const client = openStoreClient({
    origin,
    authorize: async () =>
      identity === undefined ? {} : { authorization: `Bearer ${await identity.token()}` },
    problemOf: gcsProblem,
    fatal: ['NoSuchBucket'],
  });
  return {
    store: { client, keys: gcsKeys(prefix), bucket, base: withoutSlash(pathname) },
    async linkTo({ key, name }, seconds) {
      const signer = await signerOf(key, identity);
      if (signer === undefined) throw new StorageError('denied', key, 'nobody can sign a link');
      const place = name.split('/').map(escapedName).join('/');
      const path = `${withoutSlash(seen.pathname)}/${bucket}/${place}`;
      const request = { origin: seen.origin, path, seconds, now: Date.now() };
      return signedUrl(request, signer).catch(refused(key));
    },
  };
}

function signerOf(key: string, identity: GoogleIdentity | undefined): Promise<Signer | undefined> {
  return Promise.resolve(identity?.signer?.()).catch(refused(key));
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}
