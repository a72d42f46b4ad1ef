import { createRandom, GPU_MILLI, type GpuNode, type Job, type Random } from '@spillway/core';

/** Tasks of a list drawn anew. */
const TASK_COUNT = 8_152;
/** A task that names GPU models names a second one this often. */
const SECOND_MODEL_RATIO = 0.3;
/** Draws of models until some node can hold the task; after them it stays free to use any. */
const MODEL_DRAWS = 20;

/** Another mix of work, made of the tasks of the trace. */
export interface TaskMix {
  readonly name: string;
  readonly make: (tasks: readonly Job[], nodes: readonly GpuNode[]) => readonly Job[];
}

type Group = 'cpu' | 'share' | 'one' | 'multi';

/**
 * Mixes that stress one property each; nothing but the tasks of the trace is read:
 *
 * - `multi20` to `multi50`: that share (%) of the GPU demand comes from tasks of several GPUs
 * - `share40` to `share100`: that share (%) comes from tasks that share a GPU
 * - `spec10` to `spec33`: that share (%) of the tasks with GPUs names one or two models
 * - `cpu0.5` to `cpu2.5`: CPU of the tasks with GPUs times that, at most what a node with as many GPUs has
 * - `only0`, `only2.5`: tasks without GPU, times that
 * - `whole`: no task shares a GPU; the others keep their proportions
 * - two at once, the first applied first: `multi30+spec20`, `share60+cpu0.5`, `multi20+only2.5`
 */
export const TASK_MIXES: readonly TaskMix[] = [
  ...[20, 30, 50].map((percent) => ({ name: `multi${percent}`, make: byDemand('multi', percent, percent) })),
  ...[40, 60, 80, 100].map((percent) => ({ name: `share${percent}`, make: byDemand('share', percent, percent + 5) })),
  ...[10, 20, 33].map((percent) => ({ name: `spec${percent}`, make: withModels(percent) })),
  ...[0.5, 1.5, 2.5].map((factor) => ({ name: `cpu${factor}`, make: withCpu(factor) })),
  ...[0, 2.5].map((factor) => ({ name: `only${factor}`, make: withCpuOnly(factor) })),
  { name: 'whole', make: byDemand('share', 0, 105) },
  { name: 'multi30+spec20', make: both(byDemand('multi', 30, 130), withModels(20)) },
  { name: 'share60+cpu0.5', make: both(byDemand('share', 60, 165), withCpu(0.5)) },
  { name: 'multi20+only2.5', make: both(byDemand('multi', 20, 120), withCpuOnly(2.5)) },
];

function both(first: TaskMix['make'], second: TaskMix['make']): TaskMix['make'] {
  return (tasks, nodes) => second(first(tasks, nodes), nodes);
}

/** The share of one group is set, the other groups keep their proportions; tasks without GPU keep theirs of the count. */
function byDemand(group: Exclude<Group, 'cpu'>, percent: number, seed: number): TaskMix['make'] {
  return (tasks) => {
    const random = createRandom(seed);
    const groups = groupsOf(tasks);
    const others = (['share', 'one', 'multi'] as const).filter((name) => name !== group);
    const rest = others.reduce((total, name) => total + milliOf(groups[name]), 0);
    const wanted: (readonly [Group, number])[] = [
      [group, percent / 100],
      ...others.map((name) => [name, (1 - percent / 100) * (milliOf(groups[name]) / rest)] as const),
    ];
    // Tasks of each group in proportion to demand over mean size.
    const parts = wanted.map(([name, part]) => [name, (part * groups[name].length) / milliOf(groups[name])] as const);
    const total = parts.reduce((sum, [, part]) => sum + part, 0);
    const withGpu = TASK_COUNT * (1 - groups.cpu.length / tasks.length);
    return renamed([
      ...parts.flatMap(([name, part]) => draw(groups[name], Math.round((withGpu * part) / total), random)),
      ...draw(groups.cpu, Math.round(TASK_COUNT - withGpu), random),
    ]);
  };
}

function withModels(percent: number): TaskMix['make'] {
  return (tasks, nodes) => {
    const random = createRandom(percent);
    // A model is drawn as often as the fleet has GPUs of it.
    const models = nodes.flatMap(({ gpus }) => gpus.map(({ model }) => model));
    const one = () => models[random.integer(models.length)]!;
    return tasks.map((task) => {
      if (task.gpuCount === 0 || random.next() >= percent / 100) return task;
      for (let attempt = 0; attempt < MODEL_DRAWS; attempt++) {
        const names = new Set([one()]);
        if (random.next() < SECOND_MODEL_RATIO) names.add(one());
        const holds = ({ gpus, cpuMilli, memoryMib }: GpuNode) =>
          gpus.length >= task.gpuCount &&
          cpuMilli >= task.cpuMilli &&
          memoryMib >= task.memoryMib &&
          names.has(gpus[0]!.model);
        if (nodes.some(holds)) return { ...task, gpuModels: [...names].sort() };
      }
      return task;
    });
  };
}

function withCpu(factor: number): TaskMix['make'] {
  return (tasks, nodes) => {
    const most = (gpuCount: number) =>
      nodes.reduce((cpu, node) => (node.gpus.length >= gpuCount ? Math.max(cpu, node.cpuMilli) : cpu), 0);
    return tasks.map((task) =>
      task.gpuCount === 0
        ? task
        : { ...task, cpuMilli: Math.min(Math.round(task.cpuMilli * factor), most(task.gpuCount)) },
    );
  };
}

function withCpuOnly(factor: number): TaskMix['make'] {
  return (tasks) => {
    const { cpu, ...others } = groupsOf(tasks);
    const more = Array.from({ length: Math.ceil(cpu.length * factor) }, (_, k) => cpu[k % cpu.length]!);
    return renamed([...others.share, ...others.one, ...others.multi, ...more]);
  };
}

function groupsOf(tasks: readonly Job[]): Readonly<Record<Group, readonly Job[]>> {
  const groups: Record<Group, Job[]> = { cpu: [], share: [], one: [], multi: [] };
  for (const task of tasks) groups[groupOf(task)].push(task);
  return groups;
}

function groupOf({ gpuCount, gpuMilli = GPU_MILLI }: Job): Group {
  if (gpuCount === 0) return 'cpu';
  if (gpuCount > 1) return 'multi';
  return gpuMilli < GPU_MILLI ? 'share' : 'one';
}

function milliOf(tasks: readonly Job[]): number {
  return tasks.reduce((sum, { gpuCount, gpuMilli = GPU_MILLI }) => sum + gpuCount * gpuMilli, 0);
}

function draw(tasks: readonly Job[], count: number, random: Random): readonly Job[] {
  return Array.from({ length: count }, () => tasks[random.integer(tasks.length)]!);
}

/** A task drawn twice is two tasks. */
function renamed(tasks: readonly Job[]): readonly Job[] {
  return tasks.map((task, k) => ({ ...task, id: `task-${String(k).padStart(6, '0')}` }));
}
