// Where does each job run, and if nowhere, why not?
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { explainUnplaced, pack } from '@spillway/core/pack';

const fourGpus = Array.from({ length: 4 }, () => ({ model: 'H100' }));
const nodes = [
  { id: 'a', gpus: fourGpus, cpuMilli: 64_000, memoryMib: 262_144 },
  { id: 'b', gpus: fourGpus, cpuMilli: 64_000, memoryMib: 262_144 },
];
const share = { gpuCount: 1, gpuMilli: 500, cpuMilli: 4_000, memoryMib: 16_384 };
const jobs = [
  { id: 'serve-1', ...share },
  { id: 'serve-2', ...share },
  { id: 'train', gpuCount: 4, cpuMilli: 32_000, memoryMib: 131_072 },
  { id: 'tune', gpuCount: 8, cpuMilli: 32_000, memoryMib: 131_072 },
];

/** Packs four jobs onto two nodes and returns one line a job, and how far the answer is from the best possible. */
export function main(): string {
  const { placements, unplaced, bound, stats } = pack({ nodes, jobs });

  return [
    ...placements.map(
      ({ jobId, nodeId, gpus }) => `${jobId}: node ${nodeId}, GPU ${gpus.map((g) => g.index).join(' ')}`,
    ),
    ...unplaced.map(({ jobId, reason }) => `${jobId}: ${explainUnplaced(reason)}`),
    `${stats.gpuMilliAllocated} milli-GPU allocated, ${bound.gpuMilli} is the most that anyone could`,
  ].join('\n');
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) console.log(main());
