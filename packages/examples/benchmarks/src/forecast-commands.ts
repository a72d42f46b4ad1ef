import type { Command } from 'commander';
import { parseCount } from './flags.ts';
import { forecastCarbonBenchmark, formatForecastCarbon } from './forecast-carbon.ts';
import { forecastDomainBenchmark, formatForecastDomain } from './forecast-domain.ts';
import { forecastM4Benchmark, formatForecastM4 } from './forecast-m4.ts';
import { forecastPlot } from './forecast-plot.ts';
import { forecastPriceBenchmark, formatForecastPrice } from './forecast-price.ts';
import { forecastRecentBenchmark, formatForecastRecent } from './forecast-recent.ts';
import { forecastSeasonsBenchmark, formatForecastSeasons } from './forecast-seasons.ts';

/** Adds the commands of `forecast`. */
export function addForecast(program: Command): void {
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
