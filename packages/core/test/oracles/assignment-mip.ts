import type { GpuNode, Job, PackInput } from '../../src/index.ts';
import { createLinearModel, type LinearModel, type Term } from './linear-model.ts';
import { admits, ledgerNode, move, usableGpus, usableInstances, type LedgerNode } from './pack-ledger.ts';

type Input = Required<Omit<PackInput, 'workload'>>;

/** The nodes with what runs in place. */
export function occupiedLedger({ nodes, running }: Pick<Input, 'nodes' | 'running'>): readonly LedgerNode[] {
  const ledger = nodes.map(ledgerNode);
  for (const { job, placement } of running)
    move(
      ledger.find(({ id }) => id === placement.nodeId)!,
      job,
      placement,
      -1,
    );
  return ledger;
}

/** The most that `gainOf` can come to over the jobs placed beside those that run: job, node and GPU are whole choices. */
export function mostGain(input: Input, gainOf: (job: Job) => number): number {
  const model = createLinearModel();
  const places = addAssignment(model, input, gainOf, () => undefined);
  places.forEach((ofJob) => {
    model.row(
      ofJob.map((place): Term => [1, place]),
      '<=',
      1,
    );
  });
  return places.some((ofJob) => ofJob.length > 0) ? model.solve('Maximize')! : 0;
}

/** The least weight of nodes, beside those on that run jobs, that hold all of the jobs; `undefined`: none do. */
export function leastWeightAdded(input: Input, weightOf: (node: GpuNode) => number): number | undefined {
  if (input.jobs.length === 0) return 0;
  const model = createLinearModel();
  const isOn = new Set(input.running.map(({ placement }) => placement.nodeId));
  const switches = input.nodes.map((node) =>
    isOn.has(node.id) ? undefined : model.variable(weightOf(node), { max: 1, isWhole: true }),
  );
  const places = addAssignment(
    model,
    input,
    () => 0,
    (node) => switches[node],
  );
  places.forEach((ofJob) => {
    model.row(
      ofJob.map((place): Term => [1, place]),
      '=',
      1,
    );
  });
  return model.solve('Minimize');
}

/** Adds a choice for each job and node that may hold it, and what the nodes have. Returns the choices by job. */
function addAssignment(
  model: LinearModel,
  input: Input,
  gainOf: (job: Job) => number,
  switchOf: (node: number) => number | undefined,
): readonly (readonly number[])[] {
  const places = input.jobs.map((): number[] => []);
  occupiedLedger(input).forEach((node, index) => {
    const cpu: Term[] = [];
    const memory: Term[] = [];
    const milli = node.gpus.map((): Term[] => []);
    const gpuMemory = node.gpus.map((): Term[] => []);
    const instances = new Map<string, Term[]>();
    input.jobs.forEach((job, j) => {
      if (!admits(node, job, input.nowMs)) return;
      const choice = { max: 1, isWhole: true };
      const place = model.variable(gainOf(job), choice);
      places[j]!.push(place);
      const onOff = switchOf(index);
      if (onOff !== undefined)
        model.row(
          [
            [1, place],
            [-1, onOff],
          ],
          '<=',
          0,
        );
      cpu.push([job.cpuMilli, place]);
      memory.push([job.memoryMib, place]);
      const parts: Term[] = [];
      if (job.migProfile !== undefined) {
        for (const { gpu, start } of usableInstances(node, job)) {
          const taken = model.variable(0, choice);
          parts.push([1, taken]);
          const { cut } = node.gpus[gpu]!;
          const size = cut?.geometry.profiles.find(({ name }) => name === job.migProfile);
          const use = (what: string, amount: number) => {
            const key = `${gpu}/${what}`;
            instances.set(key, [...(instances.get(key) ?? []), [amount, taken]]);
          };
          // Whoever takes a slice takes it whole, so slices are like instances that stay.
          for (let slice = start; slice < start + (size?.memorySlices ?? 1); slice++) use(`${slice}`, 1);
          if (size === undefined) continue;
          const there = cut!.pieces.filter(({ profile }) => profile === size.name).length;
          const held = cut!.pieces.map(({ profile }) => cut!.geometry.profiles.find(({ name }) => name === profile)!);
          const compute = held.reduce((left, piece) => left - piece.computeSlices, cut!.geometry.computeSlices);
          use('compute', size.computeSlices / compute);
          use(size.name, 1 / ((size.maxInstances ?? size.starts.length) - there));
        }
      } else if (job.gpuCount > 0) {
        for (const gpu of usableGpus(node, job)) {
          const taken = model.variable(0, choice);
          parts.push([1, taken]);
          milli[gpu]!.push([job.gpuMilli ?? 1_000, taken]);
          gpuMemory[gpu]!.push([job.gpuMemoryMib ?? 0, taken]);
        }
      }
      if (job.gpuCount > 0) model.row([...parts, [-job.gpuCount, place]], '=', 0);
    });
    model.row(cpu, '<=', node.cpu);
    model.row(memory, '<=', node.memory);
    node.gpus.forEach((gpu, g) => {
      model.row(milli[g]!, '<=', gpu.milli);
      if (gpu.memory !== undefined) model.row(gpuMemory[g]!, '<=', gpu.memory);
    });
    for (const taken of instances.values()) model.row(taken, '<=', 1);
  });
  return places;
}
