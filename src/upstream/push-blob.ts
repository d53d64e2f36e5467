// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../core/oci/descriptor.ts';
import type { Digest } from '../core/oci/digest.ts';
import type { OpenBlob } from './image-target.ts';
import { refusedPush, scopeOfPush } from './push-answers.ts';
import type { PushAnswer, PushClient } from './push-client.ts';
import { shownUrl, UpstreamError } from './upstream-error.ts';

export interface BlobPlace {
  readonly push: PushClient;
  readonly repository: string;
  /** A repository of the same registry that has a blob, if one is known. */
  readonly mountFrom?: (digest: Digest) => string | undefined;
}

export interface BlobPush {
  readonly blob: Descriptor;
  readonly open: OpenBlob;
  readonly signal: AbortSignal;
}

/**
 * One blob: mounted, if the registry has it in a repository that is known to, else sent in one request that follows
 * the one which asked for a session. Parts are of no use here: what breaks off begins again, and a part is no proof.
 */
export async function pushBlob(place: BlobPlace, job: BlobPush): Promise<'copied' | 'mounted'> {
  const { blob, signal } = job;
  const { answer, url } = await start(place, job);
  if (answer.status === 201) return 'mounted';
  if (answer.status !== 202) throw refusedPush(answer, url);
  const session = sessionOf(answer, url);
  const scope = scopeOfPush(place.repository);
  try {
    const bytes = await job.open();
    const target = new URL(session);
    target.searchParams.set('digest', blob.digest);
    const done = await place.push.send({
      method: 'PUT',
      url: target,
      scope,
      headers: { 'content-type': 'application/octet-stream' },
      body: { bytes, size: blob.size },
      signal,
    });
    if (done.status === 404) throw lost(session);
    if (done.status !== 201) throw refusedPush(done, session);
    return 'copied';
  } catch (error) {
    await giveUp(place, session, scope);
    throw error;
  }
}

async function start({ push, repository, mountFrom }: BlobPlace, { blob, signal }: BlobPush) {
  const url = new URL(`${push.origin}/v2/${repository}/blobs/uploads/`);
  const from = mountFrom?.(blob.digest);
  const isElsewhere = from !== undefined && from !== repository;
  if (isElsewhere) url.search = `?mount=${blob.digest}&from=${from}`;
  const scopes = [scopeOfPush(repository), ...(isElsewhere ? [`repository:${from}:pull`] : [])];
  const answer = await push.send({ method: 'POST', url, scope: scopes.join(' '), signal });
  return { answer, url };
}

/** Where the session is; the client refuses to go to another origin. */
function sessionOf(answer: PushAnswer, url: URL): URL {
  const session = URL.parse(answer.header('location') ?? '', url);
  if (session !== null && answer.header('location') !== undefined) return session;
  throw new UpstreamError('bad-answer', `${shownUrl(url)} began an upload without saying where`);
}

/** The registry has forgotten it: a new one is asked for. */
function lost(session: URL): UpstreamError {
  const message = `${shownUrl(session)} is an upload that the registry does not know any more`;
  return new UpstreamError('unreachable', message, { status: 404 });
}

const TIDYING = 5_000;

/** Sessions end by themselves some day; a registry that is told has the space sooner. */
async function giveUp({ push }: BlobPlace, url: URL, scope: string): Promise<void> {
  if (url.origin !== push.origin) return;
  const signal = AbortSignal.timeout(TIDYING);
  await push.send({ method: 'DELETE', url, scope, signal }).catch(() => undefined);
}
