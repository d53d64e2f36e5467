// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { Digest } from '../../core/oci/digest.ts';
import { DEFAULT_LIMITS, type ServerLimits, UPLOAD_LIMITS } from '../../http/limits.ts';
import { type RunningServer, startServer } from '../../http/node-server.ts';
import { requestLog } from '../../http/request-log.ts';
import type { Log } from '../../log.ts';
import type { Handler } from '../../protocol/http.ts';
import { bucketHandler } from '../../registry/bucket-handler.ts';
import { openEventLog } from '../../registry/events/event-log.ts';
import { reapUploads } from '../../registry/push/reap-uploads.ts';
import { registryHandler } from '../../registry/registry-handler.ts';
import { importImage } from '../../registry/transfer/import.ts';
import { sampleImage } from '../../registry/transfer/sample-image.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { filesystemDriver } from '../../storage/filesystem/filesystem.ts';
import { type Front, openFront } from '../front/compose.ts';
import type { LoadedConfig } from '../load-config.ts';
import { type DevPorts, devDocument, devPorts } from './dev-config.ts';
import { firstLayerOf } from './dev-content.ts';
import type { DevBackend } from './dev-mirror.ts';
import { tour } from './dev-tour.ts';

export interface DevOptions {
  /** The front's port; the others follow. 0 for any that are free. */
  readonly base: number;
  readonly folder: string;
  readonly log: Log;
}

export interface DevServices {
  /** What to print when all of it is up. */
  readonly tour: string;
  stop(): Promise<void>;
}

const SAMPLE = { repository: 'sample', tag: 'v1' };
const GRACE = 2_000;

/** Every service in one process, each on a port of its own, as in production. */
export async function openDev({ base, folder, log }: DevOptions): Promise<DevServices> {
  const open = (name: string) => filesystemDriver(join(folder, name));
  const registry = open('registry');
  const backends = { dublin: open('backends/dublin'), iowa: open('backends/iowa') };
  const layer = await importSample(registry);
  await reapUploads(registry, Date.now());

  const wanted = devPorts(base);
  const servers: RunningServer[] = [];
  const start = async (
    name: keyof DevPorts,
    handler: Handler,
    limits: ServerLimits = DEFAULT_LIMITS,
  ): Promise<number> => {
    const options = { name, host: '127.0.0.1', port: wanted[name], handler, log, limits };
    const server = await startServer({ ...options, requestLog: requestLog(name, 1, log) });
    servers.push(server);
    return server.address.port;
  };
  const close = async () => void (await Promise.all(servers.map((one) => one.drain(GRACE))));
  try {
    const behind = {
      registry: await start(
        'registry',
        registryHandler({ storage: registry, log, events: openEventLog(registry) }),
        UPLOAD_LIMITS,
      ),
      dublin: await start('dublin', bucketHandler(backends.dublin)),
      iowa: await start('iowa', bucketHandler(backends.iowa)),
    };
    const loaded = await writeConfig(folder, { ...wanted, ...behind });
    const front = await openFront(loaded, log);
    // After all listen, loading it included: nobody waits for it who could be answered.
    const { startDevMirror } = await import('./dev-mirror.ts');
    const mirror = startDevMirror({
      registry,
      backends: mirrored(backends, loaded),
      sample: layer,
      log,
      onPublished: front.refreshIndexes,
    });
    await mirror.first;
    return {
      tour: tour({
        ports: { ...portsOf(front), ...behind },
        folder,
        configFile: join(folder, 'archeion.yaml'),
        layer,
        ...SAMPLE,
      }),
      async stop() {
        await mirror.stop();
        await front.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Stores = Readonly<Record<string, StorageDriver>>;

/** The backends as the front knows them, with what is behind them. */
function mirrored(stores: Stores, { config }: LoadedConfig): readonly DevBackend[] {
  return config.backends.flatMap(({ name, url, blobPath = config.blobPath }) => {
    const store = stores[name];
    return store === undefined ? [] : [{ name, store, publicUrl: url, blobPath }];
  });
}

/** The sample is made anew each time, always the same bytes; what is there already is skipped. */
async function importSample(storage: StorageDriver): Promise<Digest> {
  const source = sampleImage();
  await importImage({ source, storage, reference: SAMPLE.tag, ...SAMPLE });
  return firstLayerOf(source, SAMPLE.tag);
}

/** Writes the configuration down, for people to read and to start their own from. */
async function writeConfig(folder: string, ports: DevPorts): Promise<LoadedConfig> {
  const document = devDocument(ports);
  const origin = join(folder, 'archeion.yaml');
  await writeFile(origin, stringify(document));
  const result = parseConfig(document);
  if (!result.ok) throw new ConfigError(origin, result.problems);
  return { config: result.config, origin, directory: folder };
}

function portsOf(front: Front): Pick<DevPorts, 'front' | 'admin'> {
  return { front: portOf(front.url), admin: portOf(front.adminUrl) };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
