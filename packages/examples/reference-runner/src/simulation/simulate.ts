import { loadAzureConversation, loadCarbon, loadOpenB } from '@spillway/traces';
import { deferWork } from './defer-work.ts';
import { fillCluster } from './fill-cluster.ts';
import type { SimulationReport, StageOptions } from './report.ts';
import { serveEndpoint } from './serve-endpoint.ts';
import { checkCarbon } from './week-of-jobs.ts';

/** Where the traces come from when not from the repository. */
export interface TraceFiles {
  /** Folder with `nodes.csv` and `pods.csv`. */
  readonly openbDirectory?: string;
  /** JSON of request counts. */
  readonly requestsFile?: string;
  /** CSV of hourly carbon intensity with the columns ES, NO and US-CAL-CISO. */
  readonly carbonFile?: string;
}

/**
 * Replays three recorded pieces of the real world through the runner's loop, on a virtual clock and simulated providers:
 * a GPU cluster being filled, an hour of an endpoint's requests, and a week of work that can wait.
 *
 * @returns plain data; the same seed and traces give the same bytes.
 * @throws InvalidInputError when a trace file is missing or malformed, before anything is replayed.
 */
export async function simulate(options: StageOptions & TraceFiles): Promise<SimulationReport> {
  const openb = loadOpenB(options.openbDirectory === undefined ? {} : { directory: options.openbDirectory });
  const arrivals = loadAzureConversation(options.requestsFile === undefined ? {} : { file: options.requestsFile });
  const carbon = loadCarbon(options.carbonFile === undefined ? {} : { file: options.carbonFile });
  checkCarbon(carbon);
  return {
    seed: options.seed,
    isSimulated: true,
    notice: 'SIMULATED on recorded traces. No cloud was called and no money was spent.',
    cluster: await fillCluster(openb, options),
    endpoint: await serveEndpoint(arrivals, options),
    week: await deferWork(carbon, options),
    sources: SOURCES,
  };
}

const SOURCES: SimulationReport['sources'] = [
  {
    name: 'OpenB cluster trace, Alibaba and HKUST (Weng et al., USENIX ATC 2023)',
    licence: 'Apache-2.0',
    use: '1,213 nodes and the default list of 8,152 tasks; tasks re-drawn until 130 % of the GPUs are asked for',
  },
  {
    name: 'Azure LLM inference trace 2023, conversation (Patel et al., ISCA 2024)',
    licence: 'CC-BY-4.0',
    use: 'requests in 10 s bins, 58 minutes',
  },
  {
    name: 'Electricity Maps, hourly carbon intensity 2021, ES, NO, US-CAL-CISO',
    licence: 'ODbL 1.0, attribution: Electricity Maps',
    use: 'average, life-cycle, one week and the four before it for the forecast',
  },
];
