// Runs a command of this repository from a bare clone: installs what is missing first. Uses nothing but Node itself.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const source = ['--import', 'tsx', '--conditions=@spillway/source'];
const commands = {
  start: [...source, 'packages/examples/reference-runner/src/cli/main.ts', 'simulate'],
  bench: [...source, 'packages/examples/benchmarks/src/main.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
};

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Spillway needs Node 20.19 or newer, this is ${process.versions.node}. Install Node 20.19+, 22 or 24.`);
  process.exit(1);
}

/** True when node_modules holds the versions that package-lock.json names. */
function isInstalled() {
  const file = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(file)) return false;
  const have = JSON.parse(readFileSync(file, 'utf8')).packages;
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(([path, { version, optional, link, dev, peer }]) => {
    if (!path.includes('node_modules/') || link || optional || (peer && !dev)) return true;
    return have[path]?.version === version;
  });
}

function install() {
  console.error('Installing dependencies (npm ci), once ...');
  // npm's own output goes to stderr, so that a command's output stays clean.
  const npm = process.env.npm_execpath;
  const run = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status } = spawnSync(run[0], [...run[1], 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: run[0] === 'npm' && process.platform === 'win32',
  });
  if (status !== 0) {
    console.error('npm ci failed; see the lines above. A network or registry problem is the usual cause.');
    process.exit(1);
  }
}

const [name, ...rest] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(`Unknown command '${name}'. Use one of: ${Object.keys(commands).join(', ')}.`);
  process.exit(2);
}
checkNode();
if (!isInstalled()) install();
const { status, signal } = spawnSync(process.execPath, [...command, ...rest], { cwd: root, stdio: 'inherit' });
process.exit(signal ? 1 : (status ?? 1));
