// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { Credentials } from './holders.ts';

const tokenHosts = Credentials.shape.tokenHosts;

const Password = Credentials.extend({
  kind: z
    .literal('password')
    .optional()
    .describe('a user and a password, or what stands for one; may be left out'),
});

const Token = z.strictObject({
  kind: z.literal('token').describe('a bearer token that the registry itself takes'),
  tokenFile: z
    .string()
    .min(1)
    .describe(
      'a file with the token, relative to the configuration file; read again whenever it is asked for',
    ),
});

const Docker = z.strictObject({
  kind: z
    .literal('docker')
    .describe('what `docker login` has left, in its file or with the helper that the file names'),
  dockerConfig: z
    .union([z.literal(true), z.string().min(1)])
    .default(true)
    .describe(
      'the file, relative to the configuration file; `true` is `config.json` in `$DOCKER_CONFIG`, else in `~/.docker`',
    ),
  tokenHosts,
});

const Google = z.strictObject({
  kind: z.literal('google').describe("access tokens of Google, for Google's registries"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'a file of credentials, relative to the configuration file: the key of a service account or a user, or who is vouched for by another service; left out, the file in `$GOOGLE_APPLICATION_CREDENTIALS`, else what gcloud has left, else the metadata server of the machine',
    ),
  tokenHosts,
});

const AwsEcr = z.strictObject({
  kind: z
    .literal('aws-ecr')
    .describe('tokens of Amazon ECR, for whom the AWS SDK finds: variables, files, the machine'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'expected a region such as eu-west-1')
    .optional()
    .describe('left out, it is in the name of the registry'),
  tokenHosts,
});

/** How the source of a mirror is told who asks. */
export const SourceCredentials = z.discriminatedUnion('kind', [
  Password,
  Token,
  Docker,
  Google,
  AwsEcr,
]);

export type SourceCredentials = z.output<typeof SourceCredentials>;
