// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { RunningServer } from '../../http/node-server.ts';
import type { Log } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import { watchContent } from '../watch-content.ts';
import {
  certificateFiles,
  type FrontCertificate,
  type LoadedTls,
  readCertificate,
} from './front-certificate.ts';

/** The certificate in service, kept the one that lies in its files. */
export interface FreshCertificate {
  /** @throws ConfigError when a configuration names another certificate, and it cannot be used */
  check(next: LoadedTls): void;
  /** Serves with what a configuration names. Files that cannot be used are logged, and the old certificate stays. */
  follow(next: LoadedTls): void;
  close(): void;
}

export interface FreshCertificatePorts {
  readonly front: Pick<RunningServer, 'useTls'>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => number;
}

const DAY = 86_400_000;
/** Fewer days than these are a renewal that failed: everybody renews weeks before. */
const SOON = 7;
/** A watch can be lost, with the folder for one, and who let a certificate grow old is told again. */
const LOOK_AGAIN_AFTER = DAY / 2;

export function keepCertificateFresh(
  loaded: LoadedTls,
  certificate: FrontCertificate,
  { front, log, metrics, now }: FreshCertificatePorts,
): FreshCertificate {
  let [config, current] = [loaded, certificate];
  let endWatch = () => {};
  const look = () => {
    const next = readOrRefuse(config, log);
    if (next === undefined || isDeepStrictEqual(next.material, current.material)) return;
    front.useTls(next.material);
    current = next;
    announce(current, { log, now });
  };
  const follow = (next: LoadedTls) => {
    config = next;
    endWatch();
    endWatch = watchOrSay(config, look, log);
    // After the watch has begun, so that no change falls between the two.
    look();
  };
  metrics.gauge(
    'archeion_certificate_expiry_seconds',
    'When the first certificate of the served chain is over, in seconds since 1970.',
    { across: 'min', read: () => [{ labels: {}, value: current.facts.notAfter / 1_000 }] },
  );
  announce(current, { log, now });
  follow(loaded);
  const timer = setInterval(() => {
    follow(config);
    warnOfAge(current, { log, now });
  }, LOOK_AGAIN_AFTER).unref();
  return {
    check(next) {
      const isSame = isDeepStrictEqual(config.config.listen.tls, next.config.listen.tls);
      if (!isSame || config.directory !== next.directory) readCertificate(next);
    },
    follow,
    close() {
      clearInterval(timer);
      endWatch();
    },
  };
}

function readOrRefuse(loaded: LoadedTls, log: Log): FrontCertificate | undefined {
  try {
    return readCertificate(loaded);
  } catch (error) {
    log.error('certificate-refused', error);
    return undefined;
  }
}

/** Where nothing can be watched, SIGHUP still has the files read again. */
function watchOrSay(loaded: LoadedTls, changed: () => void, log: Log): () => void {
  try {
    return watchContent(Object.values(certificateFiles(loaded) ?? {}), changed);
  } catch (error) {
    log.error('certificate-not-watched', error);
    return () => {};
  }
}

type Saying = Pick<FreshCertificatePorts, 'log' | 'now'>;

function announce(certificate: FrontCertificate, saying: Saying): void {
  const { files, facts, exposedAs } = certificate;
  const [notBefore, notAfter] = [facts.notBefore, facts.notAfter].map(dateText);
  saying.log.info('certificate-loaded', { subject: facts.subject, notBefore, notAfter });
  if (exposedAs !== undefined) {
    saying.log.warn('certificate-key-exposed', { key: files.key, mode: exposedAs });
  }
  warnOfAge(certificate, saying);
}

function warnOfAge({ facts }: FrontCertificate, { log, now }: Saying): void {
  const { subject, notBefore, notAfter } = facts;
  const daysLeft = Math.floor((notAfter - now()) / DAY);
  if (daysLeft < SOON) {
    log.warn('certificate-expires', { subject, notAfter: dateText(notAfter), daysLeft });
  }
  if (notBefore > now()) {
    log.warn('certificate-not-yet-valid', { subject, notBefore: dateText(notBefore) });
  }
}

function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
