import { defineConfig } from 'tsup';

// One file in dist/, as deep as src/index.ts, so that ../data is found from both.
export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'es2023',
  clean: true,
});
