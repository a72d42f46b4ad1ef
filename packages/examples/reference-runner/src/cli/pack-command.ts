import { readFile } from 'node:fs/promises';
import { explainUnplaced, InvalidInputError, pack } from '@spillway/core';
import { parsePackInput } from '@spillway/core/schema';
import { Command } from 'commander';
import { formatPercent, formatTable } from '../report/format.ts';
import { EXIT_CODE } from './exit-code.ts';

/** `spillway pack problem.json`: places the jobs of a file and says why the others found no place. */
export function packCommand(): Command {
  return new Command('pack')
    .description('Place the jobs of a JSON file { nodes, jobs, running?, workload? } on its nodes.')
    .argument('<file>', 'the problem')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const result = pack(parsePackInput(await readJson(file)));
      process.stdout.write(`${flags.json === true ? JSON.stringify(result, null, 2) : describe(result)}\n`);
      process.exitCode = result.unplaced.length > 0 ? EXIT_CODE.notFeasible : EXIT_CODE.ok;
    });
}

function describe({ placements, unplaced, bound, stats }: ReturnType<typeof pack>): string {
  const rows = placements.map(({ jobId, nodeId, gpus, mig }) => [
    jobId,
    nodeId,
    mig === undefined
      ? gpus.map(({ index, milli }) => `${index}${milli === 1000 ? '' : `(${milli})`}`).join(' ')
      : mig.profile,
  ]);
  return [
    ...(rows.length === 0 ? [] : [formatTable(['job', 'node', 'GPUs (milli)'], rows), '']),
    ...unplaced.map(({ jobId, reason }) => `not placed: ${jobId}: ${explainUnplaced(reason)}`),
    `${formatPercent(stats.gpuAllocationRatio)} of the GPUs in use; no answer can use more than ` +
      `${formatPercent(bound.gpuMilli / Math.max(1, stats.gpuMilliTotal))}.`,
  ].join('\n');
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new InvalidInputError('problem file', 'must be readable JSON', file, {
      hint: cause instanceof Error ? cause.message : 'Check the path.',
      cause,
    });
  }
}
