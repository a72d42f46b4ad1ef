import { defineConfig } from 'vitest/config';

const project = (folder: string) => ({
  extends: true as const,
  test: { name: folder.replace('examples/', ''), root: `packages/${folder}`, include: ['test/**/*.test.ts'] },
});

export default defineConfig({
  // Tests read the TypeScript sources of every package, so no build is needed first.
  resolve: { conditions: ['@spillway/source'] },
  ssr: { resolve: { conditions: ['@spillway/source'] } },
  test: {
    // Many tests search or simulate for seconds; on a busy machine the usual five are too few.
    testTimeout: 30_000,
    projects: [
      'core',
      'forecast',
      'adapters',
      'examples/traces',
      'examples/reference-runner',
      'examples/benchmarks',
      'examples/recipes',
    ].map(project),
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: '.vitest/results.json' }]] : ['default'],
    coverage: {
      provider: 'v8',
      include: ['packages/{core,forecast,adapters}/src/**/*.ts'],
      exclude: ['**/*.d.ts', '**/index.ts', '**/types.ts'],
      thresholds: { lines: 90, branches: 80 },
    },
  },
});
