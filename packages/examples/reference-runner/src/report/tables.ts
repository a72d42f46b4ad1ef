import { kilogramsFromGrams, kilowattHoursFromWattHours } from '@spillway/core';
import type { SimulationReport } from '../simulation/report.ts';
import { formatChange, formatNumber, formatPercent } from './format.ts';

/** One part of the report: what was asked, the figures, and what they mean. Rendered as text and as HTML alike. */
export interface Section {
  readonly title: string;
  readonly lead: string;
  readonly tables: readonly { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }[];
  readonly remarks: readonly string[];
}

/** The cluster: which rule places how much, on how many nodes, and why the rest found no place. */
function clusterSection({ cluster }: SimulationReport): Section {
  return {
    title: '1. Pack a GPU cluster',
    lead:
      `${formatNumber(cluster.jobCount)} jobs ask for ${formatNumber(cluster.gpusRequested)} GPUs of a cluster that has ` +
      `${formatNumber(cluster.gpuCount)} on ${formatNumber(cluster.nodeCount)} nodes. They come in random order and stay.`,
    tables: [
      {
        header: ['rule', 'GPUs used', 'of all', 'idle', 'unplaced jobs', 'nodes needed at half load'],
        rows: cluster.rows.map((row) => [
          row.rule,
          formatNumber(row.gpusAllocated, 1),
          formatPercent(row.allocatedRatio, 2),
          formatNumber(row.idleGpus, 1),
          formatNumber(row.unplacedJobs),
          formatNumber(row.nodesAtHalfLoad),
        ]),
      },
      {
        header: ['why jobs were not placed (what the nearest node lacked)', 'jobs'],
        rows: cluster.unplacedByReason.map(({ reason, jobs }) => [reason, formatNumber(jobs)]),
      },
    ],
    remarks: [
      `No rule can use more than ${formatNumber(cluster.gpusBound, 1)} GPUs here (volume by GPU model); Spillway is within ` +
        `${formatPercent(cluster.gapRatio, 2)} of that. No rule can hold half load on fewer than ` +
        `${formatNumber(cluster.nodesAtHalfLoadBound)} nodes (GPU volume).`,
      ...cluster.unplacedByReason.slice(0, 2).map(({ example }) => `For example ${example}`),
    ],
  };
}

/** The endpoint: replica-hours and cost by tier, against standing capacity for the peak. */
function endpointSection({ endpoint }: SimulationReport): Section {
  const total: readonly string[] = [
    'all',
    '',
    '',
    formatNumber(endpoint.tiers.reduce((sum, { launched }) => sum + launched, 0)),
    formatNumber(endpoint.tiers.reduce((sum, { interrupted }) => sum + interrupted, 0)),
    formatNumber(endpoint.replicaHours, 2),
    formatNumber(endpoint.costUsd, 2),
  ];
  const { staticPeak, clairvoyant } = endpoint;
  return {
    title: '2. Scale an endpoint over three tiers',
    lead:
      `${formatNumber(endpoint.requests)} requests in an hour, at most ${formatNumber(endpoint.peakPerSecond, 1)} a second. ` +
      'Own machines are filled first, then spot, which is taken away now and then, then on demand.',
    tables: [
      {
        header: ['tier', 'kind', 'USD/h', 'launched', 'interrupted', 'replica-hours', 'USD'],
        rows: [
          ...endpoint.tiers.map((tier) => [
            tier.tierId,
            tier.kind,
            formatNumber(tier.priceUsdPerHour, 2),
            formatNumber(tier.launched),
            formatNumber(tier.interrupted),
            formatNumber(tier.replicaHours, 2),
            formatNumber(tier.costUsd, 2),
          ]),
          total,
        ],
      },
      {
        header: ['compared with', 'replica-hours', 'USD', 'Spillway against it'],
        rows: [
          [
            `standing capacity for the peak (${staticPeak.replicas} replicas, no spot)`,
            formatNumber(staticPeak.replicaHours, 2),
            formatNumber(staticPeak.costUsd, 2),
            formatChange(staticPeak.costUsd, endpoint.costUsd),
          ],
          [
            'perfect foresight, instant starts, no headroom',
            formatNumber(clairvoyant.replicaHours, 2),
            formatNumber(clairvoyant.costUsd, 2),
            formatChange(clairvoyant.costUsd, endpoint.costUsd),
          ],
        ],
      },
    ],
    remarks: [
      `${endpoint.lateRatio === null ? 'None' : formatPercent(endpoint.lateRatio, 2)} of the requests waited longer than ${endpoint.lateAfterMs / 1000} s.`,
      'Own machines count 0 USD on all sides: they are paid for whether used or not.',
    ],
  };
}

/** The week: carbon and cost of running now, of the loop's plan, and of the best plan there could have been. */
function weekSection({ week }: SimulationReport): Section {
  const [baseline] = week.rows;
  return {
    title: '3. Move work that can wait into clean hours',
    lead:
      `${week.jobCount} jobs, ${formatNumber(week.gpuHours)} GPU-hours, handed in over one week in Spain and California; ` +
      `${week.movableJobs} may also run in another of three zones. Planned on forecasts, charged at what the grids then did.`,
    tables: [
      {
        header: ['plan', 'kWh', 'kgCO2e', 'against run-now', 'USD', 'against run-now'],
        rows: week.rows.map((row) => [
          row.plan,
          formatNumber(kilowattHoursFromWattHours(row.energyWattHours)),
          formatNumber(kilogramsFromGrams(row.carbonGrams), 1),
          formatChange(baseline!.carbonGrams, row.carbonGrams),
          formatNumber(row.costUsd),
          formatChange(baseline!.costUsd, row.costUsd),
        ]),
      },
    ],
    remarks: [
      `${week.missedDeadlines} deadlines missed. The plan emits ${formatPercent(week.regretRatio)} more than perfect foresight ` +
        'could have; no plan of these jobs can emit less than that.',
      'The objective is carbon alone; the last column is what it costs at list prices.',
    ],
  };
}

/** All sections in order. */
export function sections(report: SimulationReport): readonly Section[] {
  return [clusterSection(report), endpointSection(report), weekSection(report)];
}
