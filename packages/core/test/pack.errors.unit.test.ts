import { describe, expect, it } from 'vitest';
import {
  createPacker,
  InvalidInputError,
  pack,
  packBound,
  type GpuNode,
  type Job,
  type Placement,
} from '../src/index.ts';

const node = (id: string, fields: Partial<GpuNode> = {}): GpuNode => ({
  id,
  gpus: [
    { model: 'A', memoryMib: 1_000 },
    { model: 'A', migInstances: [{ profile: '1g', start: 0 }] },
  ],
  cpuMilli: 4_000,
  memoryMib: 4_096,
  ...fields,
});
const job = (id: string, fields: Partial<Job> = {}): Job => ({
  id,
  gpuCount: 1,
  cpuMilli: 100,
  memoryMib: 64,
  ...fields,
});
const at = (jobId: string, fields: Partial<Placement> = {}): Placement => ({
  jobId,
  nodeId: 'a',
  gpus: [{ index: 0, milli: 1_000 }],
  ...fields,
});

function refusal(call: () => unknown): { field: string; message: string; hint: string | undefined } {
  try {
    call();
  } catch (error) {
    if (error instanceof InvalidInputError) return { field: error.field, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('bad input', () => {
  const bad: [string, string, () => unknown][] = [
    ['NaN CPU of a node', "cpuMilli of node 'a'", () => pack({ nodes: [node('a', { cpuMilli: NaN })], jobs: [] })],
    [
      'negative memory of a node',
      "memoryMib of node 'a'",
      () => createPacker({ nodes: [node('a', { memoryMib: -1 })] }),
    ],
    ['two nodes of one id', 'nodes[1].id', () => pack({ nodes: [node('a'), node('a')], jobs: [] })],
    ['two jobs of one id', 'jobs[1].id', () => pack({ nodes: [], jobs: [job('x'), job('x')] })],
    ['half a GPU count', "gpuCount of job 'x'", () => pack({ nodes: [], jobs: [job('x', { gpuCount: 0.5 })] })],
    [
      'a negative CPU demand',
      "cpuMilli of job 'x'",
      () => packBound({ nodes: [], jobs: [job('x', { cpuMilli: -1 })] }),
    ],
    [
      'a share of no GPU',
      "gpuMilli of job 'x'",
      () => pack({ nodes: [], jobs: [job('x', { gpuCount: 0, gpuMilli: 500 })] }),
    ],
    ['a present that is NaN', 'nowMs', () => createPacker({ nodes: [], nowMs: NaN })],
    ['an unknown scorer', 'scorer', () => pack({ nodes: [], jobs: [] }, { scorer: 'worst-fit' as 'fgd' })],
    [
      'a mix without weight',
      'workload[0].weight',
      () => createPacker({ nodes: [], workload: [{ job: job('x'), weight: 0 }] }),
    ],
    [
      'a mix of NaN',
      'workload[0].weight',
      () => createPacker({ nodes: [], workload: [{ job: job('x'), weight: NaN }] }),
    ],
    [
      'a malformed shape of the mix',
      "cpuMilli of job 'workload[0]'",
      () => createPacker({ nodes: [], workload: [{ job: job('x', { cpuMilli: NaN }), weight: 1 }] }),
    ],
    [
      'a nameless MIG profile',
      "gpus[0].migInstances[0].profile of node 'a'",
      () => createPacker({ nodes: [node('a', { gpus: [{ model: 'A', migInstances: [{ profile: '', start: 0 }] }] })] }),
    ],
    [
      'two MIG instances with one start',
      "gpus[0].migInstances[1].start of node 'a'",
      () => {
        const migInstances = [0, 0].map((start) => ({ profile: '1g', start }));
        return createPacker({ nodes: [node('a', { gpus: [{ model: 'A', migInstances }] })] });
      },
    ],
    [
      'an expiring node and a run time without the present',
      'nowMs',
      () => pack({ nodes: [node('a', { expiresAtMs: 9 })], jobs: [job('x'), job('y', { runtimeMs: 1 })] }),
    ],
    [
      'a running job that is to be placed as well',
      'jobs[0].id',
      () => pack({ nodes: [node('a')], jobs: [job('x')], running: [{ job: job('x'), placement: at('x') }] }),
    ],
  ];
  it.each(bad)('is refused: %s', (_, field, call) => {
    const error = refusal(call);

    expect(error.field).toBe(field);
    expect(error.message).toContain('must');
  });
});

describe('running jobs', () => {
  const start = (running: readonly { job: Job; placement: Placement }[]) => () =>
    createPacker({ nodes: [node('a')], running });
  const bad: [string, string, () => unknown][] = [
    [
      'on an unknown node',
      ".placement.nodeId of job 'x'",
      start([{ job: job('x'), placement: at('x', { nodeId: 'b' }) }]),
    ],
    ['with the placement of another', ".placement.jobId of job 'x'", start([{ job: job('x'), placement: at('y') }])],
    [
      'on a GPU the node does not have',
      ".placement.gpus[0].index of job 'x'",
      start([{ job: job('x'), placement: at('x', { gpus: [{ index: 2, milli: 1_000 }] }) }]),
    ],
    [
      'on a GPU that is cut',
      ".placement.gpus[0].milli of job 'x'",
      start([{ job: job('x'), placement: at('x', { gpus: [{ index: 1, milli: 1_000 }] }) }]),
    ],
    ['on no GPU', ".placement.gpus of job 'x'", start([{ job: job('x'), placement: at('x', { gpus: [] }) }])],
    [
      'on one GPU twice',
      ".placement.gpus[1].index of job 'x'",
      start([
        {
          job: job('x', { gpuCount: 2 }),
          placement: at('x', { gpus: [0, 0].map((index) => ({ index, milli: 1_000 })) }),
        },
      ]),
    ],
    [
      'with another share than they ask for',
      ".placement.gpus[0].milli of job 'x'",
      start([{ job: job('x', { gpuMilli: 500 }), placement: at('x') }]),
    ],
    [
      'with more CPU than there is',
      ".job.cpuMilli of job 'x'",
      start([{ job: job('x', { cpuMilli: 4_001 }), placement: at('x') }]),
    ],
    [
      'with more memory than there is',
      ".job.memoryMib of job 'x'",
      start([{ job: job('x', { memoryMib: 4_097 }), placement: at('x') }]),
    ],
    [
      'with more GPU memory than there is',
      ".job.gpuMemoryMib of job 'x'",
      start([{ job: job('x', { gpuMemoryMib: 1_001 }), placement: at('x') }]),
    ],
    [
      'on an instance of another profile',
      ".placement.mig of job 'x'",
      start([
        {
          job: job('x', { migProfile: '2g' }),
          placement: at('x', { gpus: [], mig: { gpuIndex: 1, profile: '2g', start: 0 } }),
        },
      ]),
    ],
    [
      'on an instance they did not ask for',
      ".placement.mig of job 'x'",
      start([{ job: job('x'), placement: at('x', { mig: { gpuIndex: 1, profile: '1g', start: 0 } }) }]),
    ],
  ];
  it.each(bad)('are refused %s', (_, field, call) => {
    expect(refusal(call).field).toBe(`running[0]${field}`);
  });

  it('are refused when together they hold more than there is', () => {
    const share = (id: string) => ({
      job: job(id, { gpuMilli: 600 }),
      placement: at(id, { gpus: [{ index: 0, milli: 600 }] }),
    });

    expect(refusal(start([share('x'), share('y')]))).toEqual({
      field: "running[1].placement.gpus[0].milli of job 'y'",
      message:
        "running[1].placement.gpus[0].milli of job 'y' must fit what other running jobs leave (400 of it), got 600",
      hint: "Node 'a' is overfull: drop or move a running job.",
    });
    expect(refusal(start([share('x'), share('x')])).field).toBe('running[1].id');
  });
});

describe('a packer', () => {
  const packer = () => createPacker({ nodes: [node('a')] });

  it('refuses to release, remove or cordon what it does not know', () => {
    expect(
      refusal(() => {
        packer().release('x');
      }).message,
    ).toBe("jobId must name a job that is placed, got 'x'");
    expect(refusal(() => packer().removeNode('b')).field).toBe('nodeId');
    expect(
      refusal(() => {
        packer().cordon('b');
      }).field,
    ).toBe('nodeId');
  });

  it('refuses a job that is placed already, and one without an id', () => {
    const full = packer();
    full.place(job('x'));

    expect(refusal(() => full.place(job('x'))).message).toBe("job.id must not be placed already, got 'x'");
    expect(refusal(() => full.place(job(''))).field).toBe('job.id');
    expect(full.stats().gpuMilliAllocated).toBe(1_000);
  });

  it('refuses a member of a gang alone, and gangs that are mixed or hold a member twice', () => {
    expect(refusal(() => packer().place(job('x', { gang: 'g' }))).field).toBe("gang of job 'x'");
    expect(refusal(() => packer().placeGang([job('x', { gang: 'g' }), job('y', { gang: 'h' })])).field).toBe(
      "gang of job 'y'",
    );
    expect(refusal(() => packer().placeGang([job('x'), job('x')])).field).toBe('jobs[1].id');
    expect(packer().placeGang([])).toEqual([]);
  });

  it('refuses a node it has, and one that is malformed', () => {
    expect(
      refusal(() => {
        packer().addNode(node('a'));
      }).message,
    ).toBe("node.id must not be in the fleet already, got 'a'");
    expect(
      refusal(() => {
        packer().addNode(node(''));
      }).field,
    ).toBe('node.id');
    expect(
      refusal(() => {
        packer().addNode(node('b', { cpuMilli: -1 }));
      }).field,
    ).toBe("cpuMilli of node 'b'");
  });

  it('asks for the present only when an expiring node meets a job that knows its run time', () => {
    const ending = createPacker({ nodes: [node('a', { expiresAtMs: 9 })] });

    expect(refusal(() => ending.place(job('x', { runtimeMs: 1 }))).field).toBe('nowMs');
    expect(ending.place(job('x'))).toHaveProperty('placement');
  });
});
