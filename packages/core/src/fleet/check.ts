import { InvalidInputError } from '../errors.ts';
import { checkNumber, checkOptionalNumber, isNumber, type NumberRule } from '../check-number.ts';
import {
  checkIds,
  checkList,
  checkObject,
  checkOptionalFlag,
  checkOptionalText,
  checkText,
} from '../internal/check.ts';
import { GPU_MILLI } from '../units.ts';
import { checkGeometry } from './check-geometry.ts';
import { checkJobRules, checkNodeRules } from './check-rules.ts';
import type { Gpu, GpuNode, Job, TopologyLevel } from './types.ts';

const COUNT: NumberRule = { min: 0, isWhole: true };
const CPU: NumberRule = { ...COUNT, hint: '1 core is 1000 milli-cores.' };
const MEMORY: NumberRule = { ...COUNT, hint: '1 GiB is 1024 MiB.' };
const GPU_COUNT: NumberRule = { ...COUNT, hint: 'Ask for a share of one GPU with gpuCount 1 and gpuMilli.' };
const LEVELS: readonly TopologyLevel[] = ['nvlinkDomain', 'rack', 'zone'];
const GPU_SHARE: NumberRule = { min: 1, max: GPU_MILLI, isWhole: true, hint: '1000 milli-GPU are one GPU.' };
const GUARANTEE: NumberRule = { min: 0, hint: 'Leave it out if the job may be moved at any time.' };
const RUNTIME: NumberRule = { min: 1, hint: 'Leave it out if it is not known.' };

/**
 * Checks a list of nodes before any work is done with them. `O(nodes × GPUs)`.
 *
 * @throws InvalidInputError on a duplicate or empty id, a size that is not a whole number >= 0, a price or power
 * below 0, a reservation for nobody, or a field of the wrong type.
 *
 * @example
 * ```ts
 * checkNodes([{ id: 'a', gpus: [{ model: 'H100' }], cpuMilli: 8_000, memoryMib: 65_536 }]); // returns nothing: all is well
 * ```
 */
export function checkNodes(nodes: readonly GpuNode[]): void {
  checkIds('nodes', nodes);
  for (const node of nodes) checkNode(node);
}

/** Checks one node. @throws InvalidInputError as {@link checkNodes}. */
export function checkNode(node: GpuNode): void {
  checkObject(() => 'node', node);
  checkText(() => 'id of the node', node.id, 'Give the node an id that is unique in its fleet.');
  const field = (name: string) => () => `${name} of node '${node.id}'`;
  checkNumber(field('cpuMilli'), node.cpuMilli, CPU);
  checkNumber(field('memoryMib'), node.memoryMib, MEMORY);
  checkOptionalNumber(field('priceUsdPerHour'), node.priceUsdPerHour, { min: 0 });
  checkOptionalNumber(field('idleWatts'), node.idleWatts, { min: 0 });
  checkOptionalNumber(field('expiresAtMs'), node.expiresAtMs, { hint: 'Leave it out if the node stays.' });
  checkOptionalFlag(field('isCordoned'), node.isCordoned);
  checkOptionalText(field('rack'), node.rack, 'Leave it out if the node is in no rack.');
  checkOptionalText(field('nvlinkDomain'), node.nvlinkDomain, 'Leave it out if the node is in no NVLink domain.');
  checkNodeRules(field, node);
  const gpus: readonly Gpu[] = node.gpus;
  checkList(field('gpus'), gpus, 'Pass [] for a CPU node.');
  gpus.forEach((gpu, index) => {
    checkGpu((name) => field(`gpus[${index}]${name}`), gpu);
  });
}

function checkGpu(field: (name: string) => () => string, gpu: Gpu): void {
  checkObject(field(''), gpu);
  checkText(field('.model'), gpu.model, 'Use the name your jobs use in gpuModels.');
  checkOptionalNumber(field('.memoryMib'), gpu.memoryMib, MEMORY);
  const { migInstances: instances, migGeometry: geometry } = gpu;
  if (geometry !== undefined) {
    if (typeof geometry === 'object') checkGeometry(geometry);
    else checkText(field('.migGeometry'), geometry, 'Name the card, such as H100-80GB, or pass a geometry.');
    if ((instances?.length ?? 0) > 0) {
      throw new InvalidInputError(field('.migInstances')(), 'must be absent beside migGeometry', instances, {
        hint: 'Instances that stay, or a geometry to cut by: not both. Pass jobs that hold instances as running.',
      });
    }
  }
  if (instances === undefined) return;
  checkList(field('.migInstances'), instances, 'Leave it out if the GPU is not cut.');
  instances.forEach((instance, index) => {
    const of = (name: string) => field(`.migInstances[${index}]${name}`);
    checkObject(of(''), instance);
    checkText(of('.profile'), instance.profile, 'Use the name that your jobs use in migProfile, such as 1g.10gb.');
    checkNumber(of('.start'), instance.start, COUNT);
    checkOptionalNumber(of('.memoryMib'), instance.memoryMib, MEMORY);
  });
}

/**
 * Checks a list of jobs before any work is done with them. `O(jobs)`.
 *
 * @throws InvalidInputError on a duplicate or empty id, a size that is not a whole number >= 0, a share that is
 * not from 1 to 1000 or comes without a GPU, a MIG profile that comes with anything but one GPU, or a field of
 * the wrong type.
 *
 * @example
 * ```ts
 * checkJobs([{ id: 'train', gpuCount: 8, cpuMilli: 64_000, memoryMib: 262_144 }]); // returns nothing: all is well
 * ```
 */
export function checkJobs(jobs: readonly Job[]): void {
  checkIds('jobs', jobs);
  for (const job of jobs) checkJob(job);
}

/** Checks one job. @throws InvalidInputError as {@link checkJobs}. */
export function checkJob(job: Job): void {
  checkObject(() => 'job', job);
  checkText(() => 'id of the job', job.id, 'Give the job an id that is unique among all jobs.');
  checkField(job, 'gpuCount', GPU_COUNT);
  checkField(job, 'cpuMilli', CPU);
  checkField(job, 'memoryMib', MEMORY);
  if (job.gpuMilli !== undefined) checkField(job, 'gpuMilli', GPU_SHARE);
  if (job.gpuMemoryMib !== undefined) checkField(job, 'gpuMemoryMib', MEMORY);
  if (job.priority !== undefined) checkField(job, 'priority', {});
  if (job.runtimeMs !== undefined) checkField(job, 'runtimeMs', RUNTIME);
  if (job.minRuntimeMs !== undefined) checkField(job, 'minRuntimeMs', GUARANTEE);
  const { migProfile, gang, isPreemptible, gpuModels, topology } = job;
  if (migProfile !== undefined) checkText(fieldOf(job, 'migProfile'), migProfile);
  if (gang !== undefined) checkText(fieldOf(job, 'gang'), gang, 'Leave gang out for a job that starts alone.');
  if (isPreemptible !== undefined) checkOptionalFlag(fieldOf(job, 'isPreemptible'), isPreemptible);
  if (gpuModels !== undefined) checkModels(fieldOf(job, 'gpuModels'), gpuModels);
  checkJobRules((name) => fieldOf(job, name), job);
  if (topology !== undefined) checkTopology((name) => fieldOf(job, name), topology);
  checkShare(job);
}

/** Names a field of the job, for errors. */
function fieldOf(job: Job, name: string): () => string {
  return () => `${name} of job '${job.id}'`;
}

/** Jobs are checked one by one as they come, so a number is named only when it is wrong. */
function checkField(job: Job, name: keyof Job, rule: NumberRule): void {
  if (!isNumber(job[name], rule)) checkNumber(fieldOf(job, name), job[name], rule);
}

function checkModels(field: () => string, models: unknown): void {
  checkList(field, models, "Pass a list, also for one model: ['H100'].");
  if (models.length === 0) {
    throw new InvalidInputError(field(), 'must be absent or name a model', models, {
      hint: 'Leave gpuModels out to allow any model.',
    });
  }
  models.forEach((model, index) => {
    checkText(() => field().replace('gpuModels', `gpuModels[${index}]`), model);
  });
}

/** Throws unless a value is the name of a level, or `undefined`. */
export function checkOptionalLevel(field: () => string, value: unknown): void {
  if (value === undefined || (LEVELS as readonly unknown[]).includes(value)) return;
  throw new InvalidInputError(field(), `must be one of ${LEVELS.join(', ')}`, value, {
    hint: 'Leave it out if no level is meant.',
  });
}

function checkTopology(field: (name: string) => () => string, topology: NonNullable<Job['topology']>): void {
  checkObject(field('topology'), topology);
  checkOptionalLevel(field('topology.required'), topology.required);
  checkOptionalFlag(field('topology.prefersCompact'), topology.prefersCompact);
  if (topology.required !== undefined || topology.prefersCompact === true) return;
  throw new InvalidInputError(field('topology')(), 'must require a level or prefer to be compact', topology, {
    hint: 'Leave it out for a gang that may be spread.',
  });
}

/** The rules that tie fields to each other. */
function checkShare(job: Job): void {
  if (job.gpuMilli !== undefined && job.gpuMilli !== GPU_MILLI && job.gpuCount === 0) {
    throw new InvalidInputError(fieldOf(job, 'gpuMilli')(), 'must be absent or 1000 when gpuCount is 0', job.gpuMilli, {
      hint: 'A share is a share of each GPU: set gpuCount to 1 or more, or drop gpuMilli.',
    });
  }
  if (job.migProfile !== undefined && (job.gpuCount !== 1 || (job.gpuMilli ?? GPU_MILLI) !== GPU_MILLI)) {
    throw new InvalidInputError(fieldOf(job, 'migProfile')(), 'needs gpuCount 1 and no gpuMilli', job.migProfile, {
      hint: 'A MIG job takes one instance of one GPU.',
    });
  }
}
