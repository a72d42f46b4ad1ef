import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createRandom,
  GPU_MILLI,
  InvalidInputError,
  type Gpu,
  type GpuNode,
  type Job,
  type WorkloadShape,
} from '@spillway/core';
import { numberIn, readCsv, type CsvTable } from './csv.ts';

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../data/openb', import.meta.url));
/** Keeps the shuffle of the nodes apart from that of the tasks. */
const NODE_SEED_OFFSET = 104_729;
/** Share of the tasks that the typical shapes cover, as in the FGD paper's simulator. */
const COVERAGE_RATIO = 0.95;

/** The OpenB cluster and the tasks asked of it. */
export interface OpenB {
  /** Nodes with GPUs, in the order of the file. */
  readonly nodes: readonly GpuNode[];
  /** Sorted by id. `gpuMilli` is there only when the task shares a GPU. */
  readonly tasks: readonly Job[];
}

/**
 * Loads the OpenB trace: 1,213 GPU nodes and 8,152 tasks of a production cluster (Alibaba and HKUST, Apache-2.0; see the
 * README beside the data).
 *
 * @param options.directory - folder with `nodes.csv` and `pods.csv`. @defaultValue the copy in this package
 * @throws InvalidInputError when a file is missing or malformed, naming file, line, column and value.
 *
 * @example
 * ```ts
 * const { nodes, tasks } = loadOpenB();
 * pack({ nodes, jobs: tasks }).stats.gpuAllocationRatio;
 * ```
 */
export function loadOpenB(options: { readonly directory?: string } = {}): OpenB {
  const directory = options.directory ?? DEFAULT_DIRECTORY;
  const nodeTable = readCsv(join(directory, 'nodes.csv'), ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model']);
  const taskTable = readCsv(join(directory, 'pods.csv'), [
    'name',
    'cpu_milli',
    'memory_mib',
    'num_gpu',
    'gpu_milli',
    'gpu_spec',
  ]);
  const nodes = nodeTable.rows.map((_, row) => nodeIn(nodeTable, row)).filter(({ gpus }) => gpus.length > 0);
  const tasks = taskTable.rows.map((_, row) => taskIn(taskTable, row));
  checkUnique(nodeTable, 'sn');
  checkUnique(taskTable, 'name');
  return { nodes, tasks: tasks.sort((x, y) => (x.id < y.id ? -1 : 1)) };
}

/**
 * Arrivals by the protocol of the FGD paper: the tasks in random order, then tasks drawn anew, each as likely, until the GPUs
 * asked for come to `ratio` of the cluster's; when the list asks for more than that, random tasks are taken out instead.
 * Every arrival has an id of its own: a task drawn again is `id#2`, `id#3` and so on.
 *
 * @param tasks - as {@link loadOpenB} returns them.
 * @param options.ratio - GPUs to ask for, as a share of all GPUs; 1.3 in the paper. > 0
 * @param options.seed - a whole number; 42 to 51 in the paper.
 * @throws InvalidInputError when the ratio is not a number > 0, or no task asks for a GPU.
 */
export function openbArrivals(
  tasks: readonly Job[],
  nodes: readonly GpuNode[],
  options: { readonly ratio: number; readonly seed: number },
): readonly Job[] {
  const { ratio, seed } = options;
  if (!(Number.isFinite(ratio) && ratio > 0)) {
    throw new InvalidInputError('ratio', 'must be a number > 0', ratio, { hint: 'The paper asks for 1.3.' });
  }
  if (!tasks.some((task) => gpuMilli(task) > 0)) {
    throw new InvalidInputError('tasks', 'must hold a task that asks for a GPU', tasks, { hint: 'Use loadOpenB().' });
  }
  const random = createRandom(seed);
  const arrivals = random.shuffle(tasks);
  const target = ratio * nodes.reduce((sum, { gpus }) => sum + gpus.length * GPU_MILLI, 0);
  let asked = arrivals.reduce((sum, task) => sum + gpuMilli(task), 0);
  if (asked > target) {
    while (asked > target) asked -= gpuMilli(arrivals.splice(random.integer(arrivals.length), 1)[0]!);
    return arrivals;
  }
  const draws = new Map<string, number>();
  for (;;) {
    const task = tasks[random.integer(tasks.length)]!;
    // The simulator looks at the share of one GPU here, not at all of the task's GPUs.
    if (asked + (task.gpuCount === 0 ? 0 : (task.gpuMilli ?? GPU_MILLI)) > target) return arrivals;
    const draw = (draws.get(task.id) ?? 1) + 1;
    draws.set(task.id, draw);
    asked += gpuMilli(task);
    arrivals.push({ ...task, id: `${task.id}#${draw}` });
  }
}

/**
 * The nodes in random order, with ids that sort in that order (`0000-openb-node-0815`), so that a scheduler that breaks ties
 * by id meets them in random order too. Figures on the order of the file do not compare with published ones.
 */
export function openbShuffledNodes(nodes: readonly GpuNode[], options: { readonly seed: number }): readonly GpuNode[] {
  const digits = String(nodes.length).length;
  return createRandom(options.seed + NODE_SEED_OFFSET)
    .shuffle(nodes)
    .map((node, index) => ({ ...node, id: `${String(index).padStart(digits, '0')}-${node.id}` }));
}

/**
 * The mix of work that a scheduler may know: the most frequent shapes that cover 95 % of the tasks, `weight` being the number
 * of tasks. Equally frequent shapes by descending CPU, share and GPU count. Tasks that differ in main memory alone are one
 * shape, with the memory of the first.
 *
 * @param options.coverageRatio - share of the tasks that the shapes cover, from 0 to 1; 1: every shape. @defaultValue 0.95, as
 * in the FGD paper's simulator
 */
export function openbWorkload(
  tasks: readonly Job[],
  options: { readonly coverageRatio?: number } = {},
): readonly WorkloadShape[] {
  const { coverageRatio = COVERAGE_RATIO } = options;
  const shapes = new Map<string, { readonly job: Omit<Job, 'id'>; weight: number }>();
  for (const task of tasks) {
    const { cpuMilli, gpuCount, gpuMilli: milli, gpuModels } = task;
    const key = `${cpuMilli}/${gpuCount}/${milli ?? GPU_MILLI}/${gpuModels?.join('|') ?? ''}`;
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, { job: shapeOf(task), weight: 1 });
    else shape.weight += 1;
  }
  const share = ({ gpuCount, gpuMilli: milli = GPU_MILLI }: Omit<Job, 'id'>) => (gpuCount === 0 ? 0 : milli);
  const byFrequency = [...shapes.values()].sort(
    (x, y) =>
      y.weight - x.weight ||
      y.job.cpuMilli - x.job.cpuMilli ||
      share(y.job) - share(x.job) ||
      y.job.gpuCount - x.job.gpuCount,
  );
  let covered = 0;
  return byFrequency.filter(({ weight }) => {
    if (covered >= coverageRatio * tasks.length) return false;
    covered += weight;
    return true;
  });
}

function shapeOf({ gpuCount, gpuMilli: milli, gpuModels, cpuMilli, memoryMib }: Job): Omit<Job, 'id'> {
  return {
    gpuCount,
    cpuMilli,
    memoryMib,
    ...(milli === undefined ? {} : { gpuMilli: milli }),
    ...(gpuModels === undefined ? {} : { gpuModels }),
  };
}

function gpuMilli(task: Job): number {
  return task.gpuCount * (task.gpuMilli ?? GPU_MILLI);
}

function nodeIn(table: CsvTable, row: number): GpuNode {
  const whole = (column: string) => numberIn(table, row, column, { min: 0, isWhole: true });
  const gpuCount = whole('gpu');
  const gpu: Gpu = { model: gpuCount === 0 ? 'none' : textIn(table, row, 'model') };
  return {
    id: textIn(table, row, 'sn'),
    gpus: Array.from({ length: gpuCount }, () => gpu),
    cpuMilli: whole('cpu_milli'),
    memoryMib: whole('memory_mib'),
  };
}

function taskIn(table: CsvTable, row: number): Job {
  const whole = (column: string, min = 0) => numberIn(table, row, column, { min, isWhole: true });
  const gpuCount = whole('num_gpu');
  const milli = gpuCount === 0 ? GPU_MILLI : whole('gpu_milli', 1);
  if (milli < GPU_MILLI && gpuCount > 1) {
    throw new InvalidInputError(at(table, row, 'gpu_milli'), 'must be 1000 when num_gpu is more than 1', milli, {
      hint: 'Correct the cell or remove the row.',
    });
  }
  const models = gpuCount === 0 ? [] : (table.rows[row]!['gpu_spec'] ?? '').split('|').filter((model) => model !== '');
  return {
    id: textIn(table, row, 'name'),
    gpuCount,
    cpuMilli: whole('cpu_milli'),
    memoryMib: whole('memory_mib'),
    ...(milli < GPU_MILLI ? { gpuMilli: milli } : {}),
    ...(models.length === 0 ? {} : { gpuModels: models }),
  };
}

function textIn(table: CsvTable, row: number, column: string): string {
  const text = table.rows[row]![column] ?? '';
  if (text.trim() !== '') return text;
  throw new InvalidInputError(at(table, row, column), 'must not be empty', text, { hint: 'Remove the row.' });
}

function checkUnique(table: CsvTable, column: string): void {
  const seen = new Set<string>();
  table.rows.forEach((cells, row) => {
    const id = cells[column]!;
    if (seen.has(id)) {
      throw new InvalidInputError(at(table, row, column), 'must be unique', id, { hint: 'Remove the row.' });
    }
    seen.add(id);
  });
}

function at({ path }: CsvTable, row: number, column: string): string {
  return `${path} line ${row + 2}, column '${column}'`;
}
