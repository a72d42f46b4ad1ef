import type { Command } from 'commander';
import { cpuSeconds } from './cpu-seconds.ts';
import { parseCount } from './flags.ts';
import { autoscaleBenchmark, formatAutoscale } from './autoscale.ts';
import { capacityBenchmark, capacitySpeed, formatCapacity } from './capacity.ts';
import { deadlineBenchmark, fitDeadlineModel, formatDeadline } from './deadline.ts';
import { formatSpotServing, spotServingBenchmark } from './spot-serving.ts';

/** Adds the commands of replicas, spot and the capacity market. */
export function addScale(program: Command): void {
  addCapacity(program);
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
