import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInputError, type GpuNode, type Job } from '@spillway/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOpenB, openbArrivals, openbShuffledNodes, openbWorkload } from '../src/openb.ts';

const gpuMilli = ({ gpuCount, gpuMilli: milli = 1_000 }: Job) => gpuCount * milli;

describe('the OpenB trace', () => {
  const { nodes, tasks } = loadOpenB();

  it('is what its publisher describes: 1,213 nodes, 6,212 GPUs, 107,018 cores; 8,152 tasks for 6,086.8 GPUs', () => {
    expect(nodes).toHaveLength(1_213);
    expect(nodes.reduce((sum, { gpus }) => sum + gpus.length, 0)).toBe(6_212);
    expect(nodes.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0)).toBe(107_018_000);
    expect(tasks).toHaveLength(8_152);
    expect(Math.round(tasks.reduce((sum, task) => sum + gpuMilli(task), 0) / 100)).toBe(60_868);
    const counts = [0, 1, 2, 4, 8].map((count) => tasks.filter(({ gpuCount }) => gpuCount === count).length);
    expect(counts).toEqual([1_088, 6_989, 16, 15, 44]);
  });

  it('reads a row as it stands, with a share only where a GPU is shared', () => {
    expect(nodes[0]).toEqual({
      id: 'openb-node-0000',
      gpus: [{ model: 'P100' }, { model: 'P100' }],
      cpuMilli: 64_000,
      memoryMib: 262_144,
    });
    expect(tasks.slice(0, 2)).toEqual([
      { id: 'openb-pod-0000', gpuCount: 1, cpuMilli: 12_000, memoryMib: 16_384 },
      { id: 'openb-pod-0001', gpuCount: 1, gpuMilli: 460, cpuMilli: 6_000, memoryMib: 12_288 },
    ]);
  });

  it('asks for the ratio, every task once and then drawn anew, with ids of their own', () => {
    const arrivals = openbArrivals(tasks, nodes, { ratio: 1.3, seed: 42 });
    const asked = arrivals.reduce((sum, task) => sum + gpuMilli(task), 0);

    expect(asked).toBeLessThanOrEqual(1.3 * 6_212_000 + 7_000);
    expect(asked).toBeGreaterThan(1.3 * 6_212_000 - 1_000);
    expect(new Set(arrivals.slice(0, 8_152).map(({ id }) => id))).toEqual(new Set(tasks.map(({ id }) => id)));
    expect(new Set(arrivals.map(({ id }) => id)).size).toBe(arrivals.length);
    expect(arrivals.slice(8_152).every(({ id }) => /^openb-pod-\d{4}#\d+$/.test(id))).toBe(true);
  });

  it('takes tasks out when fewer are asked for', () => {
    const arrivals = openbArrivals(tasks, nodes, { ratio: 0.5, seed: 42 });
    const asked = arrivals.reduce((sum, task) => sum + gpuMilli(task), 0);

    expect(asked).toBeLessThanOrEqual(0.5 * 6_212_000);
    expect(asked).toBeGreaterThan(0.5 * 6_212_000 - 8_000);
  });

  it('gives the same arrivals and nodes for the same seed, and others for another', () => {
    const ids = (seed: number) => openbArrivals(tasks, nodes, { ratio: 1.3, seed }).map(({ id }) => id);
    const nodeIds = (seed: number) => openbShuffledNodes(nodes, { seed }).map(({ id }) => id);

    expect(ids(42)).toEqual(ids(42));
    expect(ids(43)).not.toEqual(ids(42));
    expect(nodeIds(43)).not.toEqual(nodeIds(42));
  });

  it('shuffles the nodes under ids that sort in the new order', () => {
    const shuffled = openbShuffledNodes(nodes, { seed: 42 });
    const ids = shuffled.map(({ id }) => id);

    expect([...ids].sort()).toEqual(ids);
    expect(ids.map((id) => id.slice(5)).sort()).toEqual(nodes.map(({ id }) => id).sort());
    expect(ids.map((id) => id.slice(5))).not.toEqual(nodes.map(({ id }) => id));
  });

  it('has 35 typical shapes, the most frequent asking for 810 milli', () => {
    const workload = openbWorkload(tasks);
    const covered = workload.reduce((sum, { weight }) => sum + weight, 0);

    expect(workload).toHaveLength(35);
    expect(covered / 8_152).toBeGreaterThanOrEqual(0.95);
    expect((covered - workload.at(-1)!.weight) / 8_152).toBeLessThan(0.95);
    const of810 = tasks.filter(({ gpuMilli: milli }) => milli === 810).length;
    expect(of810 / 8_152).toBeCloseTo(0.13, 2);
  });
});

describe('a malformed trace', () => {
  let directory = '';
  const nodes = ['sn,cpu_milli,memory_mib,gpu,model', 'n0,64000,262144,2,T4'];
  const pods = ['name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec', 'p0,1000,1024,1,500,'];
  const write = (nodeLines: readonly string[], podLines: readonly string[]) => {
    writeFileSync(join(directory, 'nodes.csv'), nodeLines.join('\n'));
    writeFileSync(join(directory, 'pods.csv'), podLines.join('\n'));
  };
  const refusal = () => {
    try {
      loadOpenB({ directory });
    } catch (error) {
      if (error instanceof InvalidInputError) return error.message.replace(directory, '');
      throw error;
    }
    throw new Error('Nothing was thrown.');
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'openb-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is read when it is right, nodes without GPUs left out and models split', () => {
    write([...nodes, 'n1,64000,262144,0,'], [...pods, 'a0,1000,1024,2,1000,T4|P100']);

    const trace: { nodes: readonly GpuNode[]; tasks: readonly Job[] } = loadOpenB({ directory });
    expect(trace.nodes.map(({ id }) => id)).toEqual(['n0']);
    expect(trace.tasks).toEqual([
      { id: 'a0', gpuCount: 2, cpuMilli: 1_000, memoryMib: 1_024, gpuModels: ['T4', 'P100'] },
      { id: 'p0', gpuCount: 1, gpuMilli: 500, cpuMilli: 1_000, memoryMib: 1_024 },
    ]);
  });

  it('is refused with file, line, column and value', () => {
    expect(refusal()).toContain('nodes.csv');
    write(nodes, ['name,cpu_milli', 'p0,1']);
    expect(refusal()).toContain("/pods.csv line 1 must have a column 'memory_mib'");
    write([...nodes, 'n1,-1,262144,2,T4'], pods);
    expect(refusal()).toBe("/nodes.csv line 3, column 'cpu_milli' must be a whole number >= 0, got '-1'");
    write(nodes, [...pods, 'p1,NaN,1024,1,500,']);
    expect(refusal()).toBe("/pods.csv line 3, column 'cpu_milli' must be a whole number >= 0, got 'NaN'");
    write(nodes, [...pods, 'p1,1,1024,1,0,']);
    expect(refusal()).toBe("/pods.csv line 3, column 'gpu_milli' must be a whole number >= 1, got '0'");
    write(nodes, [...pods, 'p1,1,1024,2,500,']);
    expect(refusal()).toBe("/pods.csv line 3, column 'gpu_milli' must be 1000 when num_gpu is more than 1, got 500");
    write(nodes, [...pods, 'p0,1,1024,1,500,']);
    expect(refusal()).toBe("/pods.csv line 3, column 'name' must be unique, got 'p0'");
    write([...nodes, 'n1,1,262144,2,'], pods);
    expect(refusal()).toBe("/nodes.csv line 3, column 'model' must not be empty, got ''");
  });

  it('cannot be asked for nothing', () => {
    expect(() => openbArrivals([], [], { ratio: 1.3, seed: 1 })).toThrow('tasks must hold a task that asks for a GPU');
    expect(() => openbArrivals([], [], { ratio: NaN, seed: 1 })).toThrow('ratio must be a number > 0, got NaN');
  });
});
