import { SpillwayError } from '@spillway/core';
import { Command, CommanderError, Option } from 'commander';
import { cpuSeconds } from './cpu-seconds.ts';
import { parseSeeds } from './flags.ts';
import { addForecast } from './forecast-commands.ts';
import { addScale } from './scale-commands.ts';
import { formatLetsWaitAwhile, letsWaitAwhileBenchmark } from './lets-wait-awhile.ts';
import { formatNightly, nightlyBenchmark } from './lets-wait-awhile-nightly.ts';
import { formatPackBound, packBoundBenchmark } from './pack-bound.ts';
import { formatPackChurn, packChurnBenchmark } from './pack-churn.ts';
import { TASK_MIXES } from './pack-mix-list.ts';
import { formatPackNodes, packNodesBenchmark } from './pack-nodes.ts';
import { formatPackNodesMixes, packNodesMixesBenchmark } from './pack-nodes-mixes.ts';
import { formatPackMixes, packMixesBenchmark } from './pack-mixes.ts';
import { formatPackSpeed, packSpeed, packSpeedBenchmark, type SpeedRule } from './pack-speed.ts';
import { formatPackTopology, packTopologyBenchmark } from './pack-topology.ts';
import { formatPackBenchmark, packBenchmark } from './pack.ts';
import { formatScheduleFront, scheduleFrontBenchmark } from './schedule-front.ts';
import { formatScheduleBenchmark, scheduleBenchmark } from './schedule.ts';
import { formatPackMigBenchmark, packMigBenchmark } from './pack-mig.ts';

/** `npm run bench -- NAME`: one command a benchmark, peers and published figures in the same table. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('bench').description('Benchmarks against peers and published figures.');
  program
    .command('pack')
    .description(
      'OpenB trace, protocol of FGD (USENIX ATC 2023): share of GPUs allocated when 130 % have been asked for',
    )
    .option('--seeds <from-to>', 'seeds, inclusive', '42-51')
    .addOption(new Option('--order <order>', 'order of the nodes').choices(['shuffle', 'trace']).default('shuffle'))
    .action(({ seeds, order }: { readonly seeds: string; readonly order: 'shuffle' | 'trace' }) => {
      const rows = packBenchmark({ seeds: parseSeeds(seeds), nodeOrder: order });
      process.stdout.write(`${formatPackBenchmark(rows)}\n`);
    });
  program
    .command('pack-bound')
    .description(
      'What no scheduler can beat on the arrivals of pack: allocated share, and the load held without a failure',
    )
    .option('--seeds <from-to>', 'seeds, inclusive', '42-51')
    .action(({ seeds }: { readonly seeds: string }) => {
      process.stdout.write(`${formatPackBound(packBoundBenchmark({ seeds: parseSeeds(seeds) }))}\n`);
    });
  program
    .command('pack-churn')
    .description('OpenB with departures: jobs turned away in a steady state at 85, 90, 95 and 100 % load')
    .option('--seeds <from-to>', 'seeds, inclusive', '42-44')
    .action(({ seeds }: { readonly seeds: string }) => {
      process.stdout.write(`${formatPackChurn(packChurnBenchmark({ seeds: parseSeeds(seeds) }))}\n`);
    });
  program
    .command('pack-nodes')
    .description('OpenB trace: nodes, price and idle power that hold a load of 50, 80 and 90 %, and the proven bound')
    .option('--seeds <from-to>', 'seeds, inclusive', '42-44')
    .addOption(
      new Option(
        '--mix <name>',
        'a mix drawn from the tasks instead, by number of nodes alone; all: every mix',
      ).choices([...TASK_MIXES.map(({ name }) => name), 'all']),
    )
    .action(({ seeds: text, mix }: { readonly seeds: string; readonly mix?: string }) => {
      const seeds = parseSeeds(text);
      const mixes = TASK_MIXES.filter(({ name }) => mix === 'all' || mix === name);
      const report =
        mix === undefined
          ? formatPackNodes(packNodesBenchmark({ seeds }))
          : formatPackNodesMixes(packNodesMixesBenchmark({ seeds, mixes }));
      process.stdout.write(`${report}\n`);
    });
  program
    .command('pack-mig')
    .description('MIG instances come and go on 8 H100 cards: least-loss against lowest-start first-fit')
    .option('--seeds <from-to>', 'seeds, inclusive', '1-10')
    .action(({ seeds }: { readonly seeds: string }) => {
      process.stdout.write(`${formatPackMigBenchmark(packMigBenchmark({ seeds: parseSeeds(seeds) }))}\n`);
    });
  program
    .command('pack-mixes')
    .description(
      'Other mixes of work drawn from the OpenB tasks: the scorer priced against FGD, jobs that fail by class',
    )
    .option('--seeds <from-to>', 'seeds, inclusive', '42-44')
    .action(({ seeds }: { readonly seeds: string }) => {
      process.stdout.write(`${formatPackMixes(packMixesBenchmark({ seeds: parseSeeds(seeds) }))}\n`);
    });
  program
    .command('pack-topology')
    .description('Gangs and single-GPU jobs come and go on 8 NVL72 domains: what awareness of domains is worth')
    .option('--seeds <from-to>', 'seeds, inclusive', '1-5')
    .action(({ seeds }: { readonly seeds: string }) => {
      process.stdout.write(`${formatPackTopology(packTopologyBenchmark({ seeds: parseSeeds(seeds) }))}\n`);
    });
  program
    .command('pack-speed')
    .description('Decisions a second on nodes and jobs drawn from OpenB, every rule in a process of its own')
    .option('--nodes <count>', 'nodes', '10000')
    .option('--jobs <count>', 'jobs, one after the other', '100000')
    .option('--only <rule>', 'one rule, as JSON')
    .action(({ nodes, jobs, only }: { readonly nodes: string; readonly jobs: string; readonly only?: SpeedRule }) => {
      const size = { nodes: Number(nodes), jobs: Number(jobs) };
      if (only !== undefined) process.stdout.write(`${JSON.stringify(packSpeed(only, size))}\n`);
      else process.stdout.write(`${formatPackSpeed(packSpeedBenchmark(size))}\n`);
    });
  program
    .command('schedule')
    .description(
      'Jobs that compete for GPUs over regions and hours: proven gap, CPU seconds, carbon against simpler rules',
    )
    .option('--jobs <count>', '100, 1000, 10000 or any other number', '1000')
    .option('--loads <list>', 'GPU-hours asked for over those there are, in per cent', '40,65,80')
    .option('--seeds <from-to>', 'seeds, inclusive', '1-3')
    .option('--steps <count>', 'work allowed, in looks of one job at one location')
    .option('--target <percent>', 'stop at this gap', '0')
    .option('--data <directory>', 'folder with DE_2020_30min.csv, GB_2020_30min.csv and FR_2020_30min.csv')
    .action((flags: ScheduleFlags) => {
      const jobs = Number(flags.jobs);
      const rows = scheduleBenchmark({
        jobs,
        loadRatios: flags.loads.split(',').map((load) => Number(load) / 100),
        seeds: parseSeeds(flags.seeds),
        targetGapRatio: Number(flags.target) / 100,
        cpuSeconds: () => cpuSeconds(),
        ...(flags.steps !== undefined && { maxSteps: Number(flags.steps) }),
        ...(flags.data !== undefined && { dataDirectory: flags.data }),
      });
      process.stdout.write(`${formatScheduleBenchmark(jobs, rows)}\n`);
    });
  program
    .command('schedule-front')
    .description('Carbon against the price of electricity for jobs in Germany and France over a week of 2020')
    .requiredOption('--data <directory>', 'folder with the series of DE and FR: carbon and day-ahead prices')
    .option('--jobs <count>', 'jobs', '200')
    .option('--seed <seed>', 'seed of the jobs', '1')
    .option('--from <date>', 'first day of the week', '2020-01-13')
    .option('--points <count>', 'plans at most', '12')
    .action((flags: Record<'data' | 'jobs' | 'seed' | 'from' | 'points', string>) => {
      const rows = scheduleFrontBenchmark({
        dataDirectory: flags.data,
        jobs: Number(flags.jobs),
        seed: Number(flags.seed),
        startAtMs: Date.parse(`${flags.from}T00:00:00Z`),
        maxPoints: Number(flags.points),
      });
      process.stdout.write(`${formatScheduleFront(rows)}\n`);
    });
  program
    .command('lets-wait-awhile')
    .description("Scenarios I and II of Let's Wait Awhile (Middleware 2021): carbon saved by waiting, DE, GB, FR, 2020")
    .requiredOption('--data <directory>', 'folder with DE_2020_30min.csv, GB_2020_30min.csv and FR_2020_30min.csv')
    .requiredOption('--jobs <file>', 'the job set: CSV with id, startSlot and slots (half hours)')
    .action(({ data, jobs }: { readonly data: string; readonly jobs: string }) => {
      process.stdout.write(`${formatNightly(nightlyBenchmark({ dataDirectory: data }))}\n\n`);
      const cells = letsWaitAwhileBenchmark({ dataDirectory: data, jobsFile: jobs });
      process.stdout.write(`${formatLetsWaitAwhile(cells)}\n`);
    });
  addScale(program);
  addForecast(program);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    command.exitOverride();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    if (!SpillwayError.is(error)) throw error;
    process.stderr.write(`error: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`);
    process.exitCode = 2;
  }
}

interface ScheduleFlags {
  readonly jobs: string;
  readonly loads: string;
  readonly seeds: string;
  readonly target: string;
  readonly steps?: string;
  readonly data?: string;
}

await main(process.argv);
