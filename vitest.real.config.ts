import { defineConfig } from 'vitest/config';

// Tests against real servers, which scripts of this repository install and start: `npm run test:real`.
export default defineConfig({
  resolve: { conditions: ['@spillway/source'] },
  ssr: { resolve: { conditions: ['@spillway/source'] } },
  test: {
    include: ['packages/adapters/test/**/*.real.ts'],
    testTimeout: 30_000,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: '.vitest/results.json' }]] : ['default'],
  },
});
