import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as rules from './architecture.rules.ts';

const ROOT = new URL('../../../', import.meta.url);

/** The sources and manifests of this checkout. */
function thisRepository(): rules.Repository {
  const folders = (path: string) => readdirSync(new URL(path, ROOT)).map((name) => path + name);
  const homes = [...folders('packages/'), ...folders('packages/examples/')];
  const paths = homes
    .filter((home) => existsSync(new URL(`${home}/package.json`, ROOT)))
    .flatMap((home) => {
      const src = new URL(`${home}/src/`, ROOT);
      const sources = existsSync(src) ? readdirSync(src, { recursive: true, encoding: 'utf8' }) : [];
      return [
        `${home}/package.json`,
        ...sources.filter((name) => /\.tsx?$/.test(name)).map((name) => `${home}/src/${name}`),
      ];
    });
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, ROOT), 'utf8')]));
}

const CORE = 'packages/core/src/';
const entry = (room: string) => {
  const stem = room === '' ? 'index' : `${room}/index`;
  return {
    '@spillway/source': `./src/${stem}.ts`,
    import: { types: `./dist/${stem}.d.ts`, default: `./dist/${stem}.js` },
    require: { types: `./dist/${stem}.d.cts`, default: `./dist/${stem}.cjs` },
  };
};
const manifest = (exports: Record<string, unknown>) => JSON.stringify({ exports });

/** A small repository that keeps every rule. */
const CLEAN = {
  'packages/core/package.json': manifest({
    '.': entry(''),
    './pack': entry('pack'),
    './package.json': './package.json',
  }),
  [`${CORE}index.ts`]: "export { pack } from './pack/index.ts';",
  [`${CORE}errors.ts`]: 'export class SpillwayError extends Error {}',
  [`${CORE}pack/index.ts`]: "export { pack } from './pack.ts';",
  [`${CORE}pack/pack.ts`]:
    "import { SpillwayError } from '../errors.ts';\n/** Packs. */\nexport function pack() { throw new SpillwayError(); }",
  [`${CORE}schema/pack.ts`]:
    "import * as z from 'zod';\nimport type { pack } from '../pack/index.ts';\nexport const schema = z.string() as unknown as typeof pack;",
  [`${CORE}spillover/place.ts`]: "import type { Target } from '../autoscale/types.ts';\nexport type Place = Target;",
  [`${CORE}autoscale/types.ts`]: 'export interface Target { a: 1 }',
  'packages/adapters/src/clock.ts':
    "import { pack } from '@spillway/core';\nimport { readFileSync } from 'node:fs';\nexport const clock = [pack, readFileSync];",
  'packages/forecast/src/mean.ts': "import { pack } from '@spillway/core/pack';\nexport const mean = pack;",
  'packages/examples/reference-runner/src/loop.ts':
    "import PQueue from 'p-queue';\nimport '@spillway/adapters';\nexport const loop = PQueue;",
} satisfies Record<string, string>;

const planted = (files: Record<string, string>): rules.Repository => new Map(Object.entries({ ...CLEAN, ...files }));

describe.each(Object.entries(rules))('%s', (_, rule) => {
  it('holds in this repository', () => {
    expect(rule(thisRepository())).toEqual([]);
  });

  it('accepts a repository that keeps it', () => {
    expect(rule(planted({}))).toEqual([]);
  });
});

type Name = keyof typeof rules;
const BREACHES: readonly (readonly [rule: Name, files: Record<string, string>, breach: string])[] = [
  [
    'packageDirection',
    { [`${CORE}a.ts`]: "import '@spillway/adapters';" },
    'core/src/a.ts: must not import @spillway/adapters',
  ],
  [
    'packageDirection',
    { [`${CORE}a.ts`]: "export const a = () => import('@spillway/forecast');" },
    'must not import @spillway/forecast',
  ],
  [
    'packageDirection',
    { 'packages/forecast/src/a.ts': "import type { Clock } from '@spillway/adapters';" },
    'must not import @spillway/adapters',
  ],
  [
    'packageDirection',
    { 'packages/adapters/src/a.ts': "export { x } from '@spillway/forecast';" },
    'must not import @spillway/forecast',
  ],
  [
    'packageDirection',
    { 'packages/adapters/src/a.ts': "import '@spillway/runner';" },
    'must not import @spillway/runner',
  ],
  [
    'packageDirection',
    { 'packages/adapters/src/a.ts': "import '../../core/src/errors.ts';" },
    'reaches out of its package',
  ],
  [
    'packageDirection',
    { 'packages/examples/recipes/src/a.ts': "import '../../traces/src/b.ts';" },
    'reaches out of its package',
  ],
  [
    'roomsOfCore',
    { [`${CORE}autoscale/a.ts`]: "import { schedule } from '../schedule/index.ts';" },
    "'autoscale' must not import 'schedule'",
  ],
  [
    'roomsOfCore',
    { [`${CORE}pack/a.ts`]: "export type A = import('../schedule/types.ts').A;" },
    "'pack' must not import 'schedule'",
  ],
  [
    'roomsOfCore',
    { [`${CORE}spillover/a.ts`]: "import { b } from '../autoscale/types.ts';" },
    "'spillover' must not import values of 'autoscale'",
  ],
  [
    'roomsOfCore',
    { [`${CORE}schema/a.ts`]: "import { pack } from '../pack/index.ts';" },
    "'schema' must not import values of 'pack'",
  ],
  [
    'roomsOfCore',
    { [`${CORE}pack/a.ts`]: "import { schema } from '../schema/pack.ts';" },
    "'pack' must not import 'schema'",
  ],
  ['roomsOfCore', { [`${CORE}pack/a.ts`]: "import { pack } from '../index.ts';" }, "'pack' must not import 'index.ts'"],
  [
    'roomsOfCore',
    { [`${CORE}fleet/a.ts`]: "import { pack } from '../pack/index.ts';" },
    "'fleet' must not import 'pack'",
  ],
  [
    'roomsOfCore',
    { [`${CORE}units.ts`]: "import type { Job } from './fleet/index.ts';" },
    "'units.ts' must not import 'fleet'",
  ],
  ['roomsOfCore', { [`${CORE}index.ts`]: "export { schema } from './schema/pack.ts';" }, 'must not load zod'],
  ['dependencies', { [`${CORE}pack/a.ts`]: "import * as z from 'zod';" }, 'zod belongs to packages/core/src/schema/'],
  ['dependencies', { 'packages/adapters/src/a.ts': "import * as z from 'zod/mini';" }, 'zod belongs to'],
  ['dependencies', { [`${CORE}schema/a.ts`]: "import { z } from 'zod';" }, "write import * as z from 'zod'"],
  ['dependencies', { 'packages/adapters/src/a.ts': "import PQueue from 'p-queue';" }, 'p-queue belongs to'],
  ['dependencies', { 'packages/examples/recipes/src/a.ts': "import 'eventemitter3';" }, 'eventemitter3 belongs to'],
  ['dependencies', { [`${CORE}pack/a.ts`]: "import { readFileSync } from 'node:fs';" }, 'must not import node:fs'],
  [
    'dependencies',
    { 'packages/forecast/src/a.ts': "import { mean } from 'simple-statistics';" },
    'must not import simple-statistics',
  ],
  [
    'cycles',
    { [`${CORE}pack/a.ts`]: "import './b.ts';", [`${CORE}pack/b.ts`]: "import type { A } from './a.ts';" },
    'pack/a.ts → packages/core/src/pack/b.ts → packages/core/src/pack/a.ts',
  ],
  ['cycles', { [`${CORE}pack/a.ts`]: "export { a } from './a.ts';" }, 'pack/a.ts → packages/core/src/pack/a.ts'],
  [
    'exportsOfPackages',
    { [`${CORE}cost/index.ts`]: "export { a } from './a.ts';" },
    'core/src/cost/index.ts: is not in exports',
  ],
  [
    'exportsOfPackages',
    { 'packages/core/package.json': manifest({ '.': entry(''), './pack': entry('pack'), './cost': entry('cost') }) },
    "'./cost' has no src/cost/index.ts",
  ],
  [
    'exportsOfPackages',
    { 'packages/core/package.json': manifest({ '.': entry(''), './pack': entry('fleet') }) },
    "'./pack' must be",
  ],
  ['faces', { [`${CORE}cost/index.ts`]: 'export const a = 1;' }, "found 'export const a = 1;'"],
  ['faces', { [`${CORE}cost/index.ts`]: "export * from './a.ts';" }, "found 'export * from './a.ts';'"],
  ['faces', { [`${CORE}cost/index.ts`]: "export * as a from './a.ts';" }, "found 'export * as a from './a.ts';'"],
  ['faces', { [`${CORE}cost/index.ts`]: "import './a.ts';" }, "found 'import './a.ts';'"],
  ['docComments', { [`${CORE}pack/pack.ts`]: 'export function pack() {}' }, "pack/pack.ts: 'pack' has no doc comment"],
  ['docComments', { [`${CORE}pack/pack.ts`]: '// Packs.\nexport const pack = 1;' }, "'pack' has no doc comment"],
  [
    'docComments',
    {
      [`${CORE}pack/index.ts`]: "export { it as pack } from './pack.ts';",
      [`${CORE}pack/pack.ts`]: 'export interface it {}',
    },
    "'it' has no doc comment",
  ],
  ['noDefaultExports', { [`${CORE}pack/a.ts`]: 'export default 1;' }, 'pack/a.ts: has a default export'],
  ['noDefaultExports', { [`${CORE}pack/a.ts`]: 'export default function a() {}' }, 'has a default export'],
  ['noDefaultExports', { [`${CORE}pack/a.ts`]: 'const a = 1; export { a as default };' }, 'has a default export'],
  ['fileNames', { [`${CORE}pack/lowerBound.ts`]: '' }, 'is not kebab-case'],
  ['fileNames', { [`${CORE}pack/utils.ts`]: '' }, 'says nothing about what is in it'],
];

describe('a planted breach is found', () => {
  it.each(BREACHES)('%s: %o', (name, files, breach) => {
    expect(rules[name](planted(files)).join('\n')).toContain(breach);
  });

  it('of every rule', () => {
    expect(new Set(BREACHES.map(([name]) => name))).toEqual(new Set(Object.keys(rules)));
  });
});
