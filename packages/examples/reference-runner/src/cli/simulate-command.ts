import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidInputError } from '@spillway/core';
import { Command } from 'commander';
import { htmlReport } from '../report/html-report.ts';
import { textReport } from '../report/text-report.ts';
import { simulate } from '../simulation/simulate.ts';
import { EXIT_CODE, parseNumberFlag } from './exit-code.ts';
import { progressTo } from './progress.ts';

interface SimulateFlags {
  readonly seed: string;
  readonly speed?: string;
  readonly json?: boolean;
  readonly html: string;
  readonly openb?: string;
  readonly requests?: string;
  readonly carbon?: string;
}

/** `spillway simulate`: replays recorded traces, prints a report and writes it as a page. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'Replay recorded traces through the loop: pack a cluster, scale an endpoint, move work into clean hours.',
    )
    .option('--seed <number>', 'seed of everything random; the same seed gives the same output', '42')
    .option('--speed <number>', 'virtual seconds a real second, to watch it (default: as fast as possible)')
    .option('--json', 'print the report as JSON')
    .option('--html <file>', 'where to write the report as one HTML page', 'spillway-report.html')
    .option('--openb <directory>', 'another cluster trace: a folder with nodes.csv and pods.csv')
    .option('--requests <file>', 'another request trace: JSON with start, stepSec and requests')
    .option('--carbon <file>', 'other carbon data: CSV with the columns time, ES, NO, US-CAL-CISO')
    .action(async (flags: SimulateFlags) => {
      process.exitCode = await run(flags);
    });
}

async function run(flags: SimulateFlags): Promise<number> {
  const seed = parseNumberFlag('--seed', flags.seed, { isWhole: true });
  const speed = flags.speed === undefined ? undefined : parseNumberFlag('--speed', flags.speed, { above: 0 });
  const progress = progressTo(process.stderr);
  const report = await simulate({
    seed,
    onProgress: progress.show,
    ...(speed === undefined ? {} : { pace: (virtualMs: number) => sleep(virtualMs / speed) }),
    ...(flags.openb === undefined ? {} : { openbDirectory: flags.openb }),
    ...(flags.requests === undefined ? {} : { requestsFile: flags.requests }),
    ...(flags.carbon === undefined ? {} : { carbonFile: flags.carbon }),
  });
  progress.end();
  await writeFile(flags.html, htmlReport(report)).catch((cause: unknown) => {
    throw new InvalidInputError('--html', 'must be a file that can be written', flags.html, {
      hint: 'Name a file in a folder that exists.',
      cause,
    });
  });
  process.stdout.write(flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${textReport(report)}\n`);
  process.stderr.write(`Wrote ${flags.html}: open it in a browser for the charts.\n`);
  const impossible = report.cluster.unplacedByReason.filter(({ reason }) => !reason.startsWith('no-room'));
  for (const { reason, jobs, example } of impossible) {
    process.stderr.write(`not feasible: ${jobs} jobs no node could hold (${reason}); ${example}\n`);
  }
  return impossible.length > 0 ? EXIT_CODE.notFeasible : EXIT_CODE.ok;
}
