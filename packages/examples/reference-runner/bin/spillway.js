#!/usr/bin/env node
import('../dist/cli/main.js').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('error: the runner is not built. Run `npm run build` first, or use `npm start` from a clone.');
  process.exitCode = 1;
});
