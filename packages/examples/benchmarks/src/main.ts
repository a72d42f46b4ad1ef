import { checkNumber, InvalidInputError, SpillwayError } from '@spillway/core';
import { Command, CommanderError, Option } from 'commander';
import { autoscaleBenchmark, formatAutoscale } from './autoscale.ts';
import { capacityBenchmark, capacitySpeed, formatCapacity } from './capacity.ts';
import { deadlineBenchmark, fitDeadlineModel, formatDeadline } from './deadline.ts';
import { forecastCarbonBenchmark, formatForecastCarbon } from './forecast-carbon.ts';
import { forecastDomainBenchmark, formatForecastDomain } from './forecast-domain.ts';
import { forecastM4Benchmark, formatForecastM4 } from './forecast-m4.ts';
import { forecastPlot } from './forecast-plot.ts';
import { forecastPriceBenchmark, formatForecastPrice } from './forecast-price.ts';
import { forecastRecentBenchmark, formatForecastRecent } from './forecast-recent.ts';
import { forecastSeasonsBenchmark, formatForecastSeasons } from './forecast-seasons.ts';
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
import { formatSpotServing, spotServingBenchmark } from './spot-serving.ts';
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
  addCapacity(program);
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

function addScale(program: Command): void {
  program
    .command('spot')
    .description('Three replicas on spot zones with on-demand behind: availability and cost against SpotHedge')
    .requiredOption('--data <directory>', 'folder with the spot traces, see docs/benchmarks.md')
    .action(({ data }: { readonly data: string }) => {
      process.stdout.write(`${formatSpotServing(spotServingBenchmark(data))}\n`);
    });
  program
    .command('autoscale')
    .description('Replicas of a language model by day and in bursts: waits and cost against HPA, KPA and SkyServe')
    .requiredOption('--data <directory>', 'folder with the demand traces, see docs/benchmarks.md')
    .action(({ data }: { readonly data: string }) => {
      process.stdout.write(`${formatAutoscale(autoscaleBenchmark(data, () => performance.now()))}\n`);
    });
  program
    .command('deadline')
    .description("Jobs with a deadline on spot and on-demand (Can't Be Late, NSDI 2024): cost, misses, clairvoyant")
    .requiredOption('--data <directory>', 'folder with the spot traces, see docs/benchmarks.md')
    .option('--starts <count>', 'starts in each trace for the zones left out', '8')
    .option('--fit', 'print constants fitted to all traces instead')
    .action((flags: { readonly data: string; readonly starts: string; readonly fit?: boolean }) => {
      if (flags.fit === true) {
        process.stdout.write(`${JSON.stringify(fitDeadlineModel(flags.data), null, 2)}\n`);
        return;
      }
      const report = deadlineBenchmark({
        dataDirectory: flags.data,
        starts: parseCount('--starts', flags.starts),
        clockMs: () => performance.now(),
      });
      process.stdout.write(`${formatDeadline(report)}\n`);
    });
}

function addCapacity(program: Command): void {
  program
    .command('capacity')
    .description('Fast and Flex on a capacity market: cost over the least cost in hindsight, and the time to plan')
    .requiredOption('--data <directory>', 'folder with the price and the requests, see docs/benchmarks.md')
    .action((options: { readonly data: string }) => {
      const rows = capacityBenchmark(options.data);
      process.stdout.write(
        `${formatCapacity(
          rows,
          capacitySpeed(() => 1_000 * cpuSeconds()),
        )}\n`,
      );
    });
}

function addForecast(program: Command): void {
  const group = program
    .command('forecast')
    .description('Forecasts against published figures and the seasonal naive method');
  addForecastRest(group);
  const data = ['--data <directory>', 'folder with the series, see docs/benchmarks.md'] as const;
  group
    .command('m4')
    .description('M4 Hourly, 48 h ahead: sMAPE, MASE, OWA, MSIS, coverage, speed')
    .requiredOption(...data)
    .action((options: { readonly data: string }) => {
      process.stdout.write(`${formatForecastM4(forecastM4Benchmark(options.data))}\n`);
    });
  group
    .command('domain')
    .description('Carbon, taxi rides and requests from rolling origins: MASE and coverage')
    .requiredOption(...data)
    .option('--origins <count>', 'origins over the last 40 % of a series, about', '240')
    .option('--history <hours>', 'hours before an origin that a forecaster sees', '1008')
    .action((options: { readonly data: string; readonly origins: string; readonly history: string }) => {
      const origins = parseCount('--origins', options.origins);
      const historyCount = parseCount('--history', options.history);
      const rows = forecastDomainBenchmark({ dataDirectory: options.data, origins, historyCount });
      process.stdout.write(`${formatForecastDomain(rows)}\n`);
    });
  group
    .command('carbon')
    .description('Carbon intensity 96 h ahead from history alone, once a day, July to December: MAPE')
    .requiredOption(...data)
    .option('--history <hours>', 'hours before an origin that a forecaster sees', '1008')
    .action((options: { readonly data: string; readonly history: string }) => {
      const historyCount = parseCount('--history', options.history);
      const rows = forecastCarbonBenchmark({ dataDirectory: options.data, historyCount });
      process.stdout.write(`${formatForecastCarbon(rows)}\n`);
    });
}

function addForecastRest(group: Command): void {
  group
    .command('price')
    .description('Carbon intensity 24 h ahead, with and without the day-ahead price as a covariate: MAPE')
    .requiredOption('--data <directory>', 'folder with the series, see docs/benchmarks.md')
    .action((options: { readonly data: string }) => {
      process.stdout.write(`${formatForecastPrice(forecastPriceBenchmark(options.data))}\n`);
    });
  group
    .command('recent')
    .description('Requests of the next minute, Azure LLM conversation trace: WAPE')
    .option('--data <directory>', 'folder with azure-llm-2023-conv.json, in place of the trace of the repository')
    .action((options: { readonly data?: string }) => {
      process.stdout.write(`${formatForecastRecent(forecastRecentBenchmark(options.data))}\n`);
    });
  group
    .command('seasons')
    .description('Generated series with and without a season: how often one is missed, and how often one is made up')
    .option('--series <count>', 'series of each kind and length', '30')
    .action((options: { readonly series: string }) => {
      const rows = forecastSeasonsBenchmark({ seriesCount: parseCount('--series', options.series) });
      process.stdout.write(`${formatForecastSeasons(rows)}\n`);
    });
  group
    .command('plot')
    .description('Forecasts of carbon intensity with their bands against what came, as SVG')
    .action(() => {
      process.stdout.write(forecastPlot());
    });
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  checkNumber(flag, count, { min: 1, isWhole: true, hint: 'For example 40.' });
  return count;
}

interface ScheduleFlags {
  readonly jobs: string;
  readonly loads: string;
  readonly seeds: string;
  readonly target: string;
  readonly steps?: string;
  readonly data?: string;
}

/** CPU seconds of this process so far, user and system. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function parseSeeds(text: string): readonly number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match !== null && first <= last) return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  throw new InvalidInputError('--seeds', 'must be a seed or a range', text, { hint: 'For example --seeds 42-51.' });
}

await main(process.argv);
