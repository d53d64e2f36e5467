// SPDX-License-Identifier: Apache-2.0
import { S3Client } from '@aws-sdk/client-s3';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** The URL of another store than that of AWS. */
  readonly endpoint?: string | undefined;
  /** The URL under which clients reach the store, when it is another one. */
  readonly publicEndpoint?: string | undefined;
  /** What all names in the bucket start with. */
  readonly prefix?: string | undefined;
  /** Whether the bucket is in the path of a URL instead of its host. */
  readonly pathStyle?: boolean | undefined;
  /** Left out, the SDK looks for them: environment, files, the role of the machine. */
  readonly credentials?: (() => Promise<S3Credentials>) | undefined;
}

/** Milliseconds. */
const CONNECT_WITHIN = 5_000;
const SILENT_FOR = 60_000;
const ATTEMPTS = 4;
/** Sockets; each request under way has one. */
const MOST_SOCKETS = 256;

/** @param endpoint another one than that of the options */
export function openS3Client(options: S3Options, endpoint = options.endpoint): S3Client {
  const { region, pathStyle, credentials } = options;
  return new S3Client({
    region,
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    ...(credentials !== undefined && { credentials }),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_WITHIN,
      socketTimeout: SILENT_FOR,
      httpsAgent: { maxSockets: MOST_SOCKETS, keepAlive: true },
      httpAgent: { maxSockets: MOST_SOCKETS, keepAlive: true },
    },
    // Other stores refuse the checksums that the SDK would add; what matters here has a digest.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
