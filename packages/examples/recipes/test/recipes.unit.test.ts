import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { main as packAFleet } from '../src/01-pack-a-fleet.ts';
import { main as waitForCleanPower } from '../src/02-wait-for-clean-power.ts';
import { main as scaleAnEndpoint } from '../src/03-scale-an-endpoint.ts';
import { main as shareAFleet } from '../src/04-share-a-fleet.ts';

const SRC = new URL('../src/', import.meta.url);

// The second share joins the first on GPU 0 of node a: on node b it would take away the only four free GPUs in one place.
// No node has eight GPUs, so nobody could allocate more than 500 + 500 + 4000.
const PACKED = `serve-1: node a, GPU 0
serve-2: node a, GPU 0
train: node b, GPU 0 1 2 3
tune: No node could hold the job even if it were empty: 'a' comes nearest, with 4 of 8 GPUs. Ask for less, or add a node with 4 GPUs more.
5000 milli-GPU allocated, 5000 is the most that anyone could`;

// 1 kW for an hour in a slot of x g/kWh emits x g. At once: 400 + 100. In one piece no two neighbours sum to less than
// 400, first in hours 1 and 2. In pieces: hours 1 and 3, 100 + 100. Two hours of one GPU cost 4 USD in any of them.
const PLANNED = `job 'train' starts 1 h later in 'de': 400 g instead of 500 g CO2e, 4.00 USD as at once
job 'evaluate' starts 1 h later in 'de', with pauses: 200 g instead of 500 g CO2e, 4.00 USD as at once
together 600 g instead of 1000 g CO2e
checked apart from the search: valid`;

// 45 requests a second need ceil(4.5) = 5 replicas. The wish begins at 15 s, so it has lasted 30 s at 45 s. At 15 s the
// history is 15 s long and cannot fill the window; at 30 s the window still holds the wish for 2 of the start.
const SCALED = `0 s: 2 replicas. The rate of 20 asks for 2.
15 s: 2 replicas. The history is too short to go from 2 to 5.
30 s: 2 replicas. The wish for 5 must last 30 s to scale up: so far 2 did.
45 s: 5 replicas. The rate of 45 asks for 5.
Tier 'own' is full at 2.
Adds 3 to tier 'spot' at 1.5 USD/h each.`;

// Two jobs of two GPUs are the quota of vision; speech lends three GPUs, so a third fits and a fourth does not. When speech is
// back two GPUs are free. Of vision's jobs the youngest is the one that its quota does not cover. Node a would lose four GPU hours,
// node b loses one.
const SHARED = `v1 starts
v2 starts
v3 starts, borrowing 2000 milli-GPU of speech
v4 waits: nothing-to-borrow
s1 starts
s2 starts when v3 has gone
urgent goes to node b in place of v3`;

it('01 packs shares together, keeps a whole node free, and says why a job has no place', () => {
  expect(packAFleet()).toBe(PACKED);
});

it('02 waits for clean hours, in one piece or in several', () => {
  expect(waitForCleanPower()).toBe(PLANNED);
});

it('03 scales after the window and spills over to the next tier', () => {
  expect(scaleAnEndpoint()).toBe(SCALED);
});

it('04 lends what a team does not use, and names who goes when it is back', () => {
  expect(shareAFleet()).toBe(SHARED);
});

const files = readdirSync(SRC).filter((name) => /^\d\d-/.test(name));

it('each recipe is numbered without gaps and shorter than 60 lines', () => {
  expect(files.map((name) => Number(name.slice(0, 2)))).toEqual([1, 2, 3, 4]);
  for (const name of files) expect(readFileSync(new URL(name, SRC), 'utf8').split('\n').length).toBeLessThan(61);
});

it('a recipe prints its result when it is run with one command', () => {
  const file = fileURLToPath(new URL('02-wait-for-clean-power.ts', SRC));

  const output = execFileSync(process.execPath, ['--import', 'tsx', '--conditions=@spillway/source', file], {
    encoding: 'utf8',
  });

  expect(output).toBe(`${PLANNED}\n`);
}, 30_000);
