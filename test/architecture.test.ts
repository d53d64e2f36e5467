// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, test } from 'vitest';

/**
 * What each folder (or file) at the top of src/ may import: a layer, or one file of a layer.
 * Anything not written here is not allowed. docs/explanation/architecture.md draws the same map.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  protocol: ['core'],
  log: [],
  metrics: ['log'],
  config: ['core'],
  storage: ['core', 'log'],
  upstream: ['core', 'log', 'metrics'],
  ranges: ['core', 'log', 'metrics', 'storage/driver.ts'],
  redirector: [
    'core',
    'protocol',
    'config',
    'log',
    'metrics',
    'ranges',
    'storage/driver.ts',
    'upstream',
  ],
  registry: [
    'core',
    'protocol',
    'config',
    'log',
    'metrics',
    'storage/driver.ts',
    'storage/storage-error.ts',
    'upstream',
  ],
  mirror: ['core', 'log', 'storage/driver.ts', 'storage/storage-error.ts', 'upstream'],
  doctor: ['core', 'log', 'upstream'],
  http: ['core', 'protocol', 'config', 'log', 'metrics', 'redirector', 'registry'],
  web: ['core', 'protocol'],
  cli: [
    'config',
    'core',
    'doctor',
    'http',
    'log',
    'metrics',
    'mirror',
    'protocol',
    'ranges',
    'redirector',
    'registry',
    'storage',
    'upstream',
    'web',
  ],
  main: ['cli'],
};

/** Only these may read the environment, print or end the process. */
const MAY_TOUCH: ReadonlyArray<readonly [RegExp, readonly string[]]> = [
  [/\bprocess\.env\b/, ['cli/front/compose.ts', 'cli/registry/cloud-environment.ts', 'main.ts']],
  [/\bprocess\.exit\b|\bprocess\.exitCode\b/, ['main.ts']],
  [/\bconsole\./, []],
  [/'node:https?'/, ['http/node-server.ts']],
  // The package has every file in one folder, two below its root: a path from a file's own place holds only here.
  [/\bimport\.meta\b/, ['cli/package-files.ts', 'registry/access/bcrypt-thread.ts']],
];

const SRC = join(import.meta.dirname, '../src');
const SPECIFIER =
  /^\s*(?:import|export)\b(?:[^'"]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const sources = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));
const imports = new Map([...sources].map(([file, source]) => [file, importsOf(source)]));

function importsOf(source: string): string[] {
  return [...source.matchAll(SPECIFIER)].map((match) => match[1] ?? match[2] ?? '');
}

function layer(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');
}

/** The files of ours that a file imports, relative to src/. */
function local(file: string): string[] {
  return (imports.get(file) ?? [])
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => posix.join(dirname(file), specifier));
}

test.each(files)('src/%s imports only what lies below it', (file) => {
  const allowed = [layer(file), ...(MAY_IMPORT[layer(file)] ?? [])];
  const isAllowed = (target: string) => allowed.includes(layer(target)) || allowed.includes(target);
  expect(local(file).filter((target) => !isAllowed(target))).toEqual([]);
});

test.each(files.filter((file) => /^(core|protocol)\//.test(file)))(
  'src/%s imports no package and no builtin',
  (file) => {
    expect((imports.get(file) ?? []).filter((specifier) => !specifier.startsWith('.'))).toEqual([]);
  },
);

test.each(MAY_TOUCH)('%s appears only where it may', (pattern, where) => {
  const offenders = [...sources].filter(([, source]) => pattern.test(source)).map(([file]) => file);
  expect(offenders.filter((file) => !where.includes(file))).toEqual([]);
});

test.each(files)('src/%s names its licence in one line', (file) => {
  expect(sources.get(file)).toMatch(/^\/\/ SPDX-License-Identifier: Apache-2\.0\n/);
});

/** An import that has a module loaded with the one that says it: neither of types nor by `import()`. */
const OF_CLOUDS = /^import (?!type )[^;]*from '[^']*\/(?:gcs|azure-blob|storage\/http)\/[^']*';/m;
const OF_S3 = /^import (?!type )[^;]*from '(?:@aws-sdk\/[^']*|[^']*\/s3(?:-[a-z-]+)?\.ts)';/m;

test('the SDK of S3 is loaded by nothing but what asks for the driver', () => {
  const others = [...sources].filter(([file]) => !file.startsWith('storage/s3/'));
  expect(others.filter(([, source]) => OF_S3.test(source)).map(([file]) => file)).toEqual([]);
  expect(OF_S3.test(sources.get('storage/s3/s3.ts') ?? '')).toBe(true);
});

test('what speaks to Google and Azure is loaded by nothing but what asks for the drivers', () => {
  const others = [...sources].filter(([file]) => !/^storage\/(?:gcs|azure-blob|http)\//.test(file));
  expect(others.filter(([, source]) => OF_CLOUDS.test(source)).map(([file]) => file)).toEqual([]);
  expect(OF_CLOUDS.test("import { gcsDriver } from '../../storage/gcs/gcs.ts';")).toBe(true);
});

test('no import cycles, type imports included', () => {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (done.has(file) || path.includes(file)) return;
    for (const target of local(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});
