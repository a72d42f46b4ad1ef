import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TraceFiles } from '../src/simulation/simulate.ts';

/** A cluster of four nodes and a task list of six rows, so that a whole simulation takes a moment. */
export function smallTraces(
  tasks: readonly string[] = TASKS,
): Required<Pick<TraceFiles, 'openbDirectory'>> & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-'));
  const openbDirectory = join(folder, 'openb');
  mkdirSync(openbDirectory);
  writeFileSync(join(openbDirectory, 'nodes.csv'), ['sn,cpu_milli,memory_mib,gpu,model', ...NODES, ''].join('\n'));
  writeFileSync(join(openbDirectory, 'pods.csv'), [TASK_HEADER, ...tasks, ''].join('\n'));
  return { folder, openbDirectory };
}

const NODES = ['n0,96000,786432,8,G2', 'n1,96000,786432,8,G2', 'n2,64000,262144,2,P100', 'n3,104000,524288,2,T4'];
export const TASK_HEADER =
  'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
const TASKS = [
  'p0,12000,16384,1,1000,,LS,Running,0,10,0',
  'p1,6000,12288,1,460,,LS,Running,1,10,1',
  'p2,4000,8192,1,540,,BE,Running,2,10,2',
  'p3,32000,65536,4,1000,,LS,Running,3,10,3',
  'p4,8000,4096,0,0,,BE,Running,4,10,4',
  'p5,6000,16384,1,1000,P100,LS,Running,5,10,5',
];
